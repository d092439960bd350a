"""The provider's tests on each Airflow and Python that it is for: ``make matrix``."""
