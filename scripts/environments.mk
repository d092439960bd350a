# One virtual environment per purpose under .venv/, each installed from its hash-locked list.
# Requires a python3 with pip; everything else comes from here.

export VENV := $(CURDIR)/.venv
export UV := $(VENV)/tools/bin/uv
export UV_PYTHON_PREFERENCE ?= system
export UV_LINK_MODE ?= hardlink
# Some version managers set these, and uv or pip would then install elsewhere.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME
# Container images set this one; then each start of Python compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE
# Nothing compiled lies in functions/, from where `sam deploy` takes all that is there.
export PYTHONPYCACHEPREFIX := $(VENV)/compiled

PYTHON_VERSION := 3.13
# The oldest Python that the provider supports: its environments' lists are locked from there on.
OLDEST_PYTHON_VERSION := 3.11

$(UV): requirements/tools.txt
	@python3 -m pip --version >/dev/null || { echo "python3 needs pip: https://pip.pypa.io/en/stable/installation/"; exit 1; }
	rm -rf $(VENV)/tools
	python3 -m pip install --quiet --disable-pip-version-check --require-hashes --target $(VENV)/tools -r requirements/tools.txt
	touch $@

# A recipe: $(call make_environment,name,editable packages,list,Python's version)
define make_environment
@echo "environment $(1)"
@rm -rf $(VENV)/$(1)
@$(UV) venv --quiet --python "$$(scripts/find-python $(4))" $(VENV)/$(1)
@$(UV) pip install --quiet --python $(VENV)/$(1)/bin/python --require-hashes -r requirements/$(3).txt
@for package in $(2); do $(UV) pip install --quiet --python $(VENV)/$(1)/bin/python --no-deps --editable $$package || exit 1; done
@touch $(VENV)/$(1)/ready
endef

# $(call environment,name,editable packages,list if it isn't the name's)
define environment
$(VENV)/$(1)/ready: requirements/$(or $(3),$(1)).txt $(UV) $(foreach package,$(2),$(package)/pyproject.toml)
	$$(call make_environment,$(1),$(2),$(or $(3),$(1)),$(PYTHON_VERSION))
endef

# Of the name airflow-3.0-py3.11: 3.0, and 3.11.
airflow_of = $(patsubst airflow-%,%,$(firstword $(subst -py, ,$(1))))
python_of = $(lastword $(subst -py, ,$(1)))
