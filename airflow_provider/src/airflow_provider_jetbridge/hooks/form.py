"""The form of a ``jetbridge`` connection.

Airflow 3.2 and later read it from the provider's metadata (``conn-fields`` and
``ui-field-behaviour``), and earlier ones ask the hook for the same as WTForms.
"""

from __future__ import annotations

from typing import Any

from airflow_provider_jetbridge.provider_info import CONNECTION_TYPE


def widgets() -> dict[str, Any]:
    """WTForms fields by name; Airflow's API server has stand-ins for both libraries."""
    from flask_appbuilder.fieldwidgets import BS3TextFieldWidget
    from wtforms import StringField

    return {
        name: StringField(
            field["label"], widget=BS3TextFieldWidget(), description=field["description"]
        )
        for name, field in CONNECTION_TYPE["conn-fields"].items()
    }


def behaviour() -> dict[str, Any]:
    """The metadata's ``ui-field-behaviour`` in Python's spelling."""
    return {
        name.replace("-", "_"): value
        for name, value in CONNECTION_TYPE["ui-field-behaviour"].items()
    }
