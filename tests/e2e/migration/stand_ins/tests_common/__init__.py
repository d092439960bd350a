"""What the system tests import of Airflow's own test tools, which no distribution has."""
