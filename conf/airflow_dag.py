"""A day's discovery as an Airflow DAG (Airflow 2.4+ and 3), by spark-submit only.

Copy or link this file into the DAG folder. Airflow may run on another Python than the project.
Settings come from the workers' environment:

    APICENSUS_HOME       the checkout, with `make setup` done        (default /opt/apicensus)
    APICENSUS_LOGS       one folder per day in it, YYYYMMDD          (default /var/log/http)
    APICENSUS_WAREHOUSE  folder or URI of the Delta tables           (default /var/lib/apicensus/warehouse)
    APICENSUS_OUT        folder of the documents and the report      (default /var/lib/apicensus/out)
    APICENSUS_SETTINGS   YAML file of every step, above all for selection.sessions  (default none)
    APICENSUS_SUBMIT     further options of spark-submit             (default none, for example --master yarn)
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from typing import Any

try:  # Airflow 3
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.operators.bash import BashOperator

HOME = os.environ.get("APICENSUS_HOME", "/opt/apicensus")
ENVIRONMENT = {
    "APICENSUS_HOME": HOME,
    "APICENSUS_LOGS": os.environ.get("APICENSUS_LOGS", "/var/log/http"),
    "APICENSUS_WAREHOUSE": os.environ.get("APICENSUS_WAREHOUSE", "/var/lib/apicensus/warehouse"),
    "APICENSUS_OUT": os.environ.get("APICENSUS_OUT", "/var/lib/apicensus/out"),
    "APICENSUS_SETTINGS": os.environ.get("APICENSUS_SETTINGS", ""),  # read by every step as its --settings
    "APICENSUS_SUBMIT": os.environ.get("APICENSUS_SUBMIT", ""),
    "SPARK_CONF_DIR": f"{HOME}/conf",
    "PYSPARK_PYTHON": f"{HOME}/.venv/bin/python",
    "DAY": "{{ ds_nodash }}",  # a variable, not text in a command: the shell never parses it
}


def step(name: str, arguments: str = "", **options: Any) -> BashOperator:
    """Makes the task `spark-submit jobs/<name>.py` on the warehouse.

    Reruns change nothing, so retries are safe.
    """
    return BashOperator(
        task_id=name,
        bash_command=(
            f'"$APICENSUS_HOME/.venv/bin/spark-submit" $APICENSUS_SUBMIT '
            f'"$APICENSUS_HOME/jobs/{name}.py" {arguments} --warehouse "$APICENSUS_WAREHOUSE"'
        ),
        env=ENVIRONMENT,
        append_env=True,
        **options,
    )


with DAG(
    dag_id="apicensus_daily",
    description="Logs of a day to endpoints, schemas, OpenAPI documents and a report",
    schedule="10 1 * * *",  # the day that ended at midnight UTC is complete
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),  # noqa: UP017 - Airflow 2 still runs on Python 3.10
    catchup=False,
    max_active_runs=1,  # one writer per warehouse
    default_args={"retries": 2, "retry_delay": timedelta(minutes=10)},
    tags=["apicensus"],
) as dag:
    # The day is validated against the schemas of the days before, so before it is learned. On the first day there are none and
    # this fails; whatever the result, the day is ingested.
    findings = '"$APICENSUS_LOGS/$DAY" --out "$APICENSUS_OUT/findings/$DAY.ndjson"'
    validate = step("validate", findings, retries=0)
    ingest = step("ingest", '"$APICENSUS_LOGS/$DAY"', trigger_rule="all_done")
    discover = step("discover", "--variant both")
    compare = step("compare")
    learn = step("learn")
    # The changes are not accepted here: a person reads them and runs `apicensus changes --accept` (docs/changes.md).
    changes = step("changes", '--out "$APICENSUS_OUT/changes/$DAY"')
    export = step("export", '--out "$APICENSUS_OUT/openapi"')
    report = step("report", '--out "$APICENSUS_OUT/report.html"')

    # One after the other: each step starts a Spark session, and two at once would share one machine's memory.
    validate >> ingest >> discover >> compare >> learn >> changes >> export >> report
