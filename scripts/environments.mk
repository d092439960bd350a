# One virtual environment per purpose under .venv/, each installed from its hash-locked list.
# Requires a python3 with pip; everything else comes from here.

export VENV := $(CURDIR)/.venv
export UV := $(VENV)/tools/bin/uv
export UV_PYTHON_PREFERENCE ?= system
export UV_LINK_MODE ?= hardlink
# Some version managers set these, and uv or pip would then install elsewhere.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

PYTHON_VERSION := 3.13

$(UV): requirements/tools.txt
	@python3 -m pip --version >/dev/null || { echo "python3 needs pip: https://pip.pypa.io/en/stable/installation/"; exit 1; }
	rm -rf $(VENV)/tools
	python3 -m pip install --quiet --disable-pip-version-check --require-hashes --target $(VENV)/tools -r requirements/tools.txt
	touch $@

# $(call environment,name,editable packages)
define environment
$(VENV)/$(1)/ready: requirements/$(1).txt $(UV) $(foreach package,$(2),$(package)/pyproject.toml)
	@echo "environment $(1)"
	@rm -rf $(VENV)/$(1)
	@$(UV) venv --quiet --python "$$$$(scripts/find-python $(PYTHON_VERSION))" $(VENV)/$(1)
	@$(UV) pip install --quiet --python $(VENV)/$(1)/bin/python --require-hashes -r requirements/$(1).txt
	@for package in $(2); do $(UV) pip install --quiet --python $(VENV)/$(1)/bin/python --no-deps --editable $$$$package || exit 1; done
	@touch $$@
endef
