"""The form of a ``jetbridge`` connection.

Airflow 3.2 and later read the form from the provider's metadata (``conn-fields`` and
``ui-field-behaviour``). Earlier versions ask the hook for the same fields as WTForms.
"""

from __future__ import annotations

from typing import Any

from airflow_provider_jetbridge.provider_info import CONNECTION_TYPE


def widgets() -> dict[str, Any]:
    """WTForms fields by name. Airflow's API server replaces both libraries with its own classes."""
    from flask_appbuilder.fieldwidgets import BS3TextFieldWidget
    from wtforms import StringField

    return {
        name: StringField(
            field["label"], widget=BS3TextFieldWidget(), description=field["description"]
        )
        for name, field in CONNECTION_TYPE["conn-fields"].items()
    }


def behaviour() -> dict[str, Any]:
    """The metadata's ``ui-field-behaviour``, with the keys that the hook's method uses."""
    return {
        name.replace("-", "_"): value
        for name, value in CONNECTION_TYPE["ui-field-behaviour"].items()
    }
