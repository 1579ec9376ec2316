"""Parameters of the endpoints: states per day → judged schemas."""

from __future__ import annotations

import sys
from pathlib import Path

# as a script: modules are found from the repository's root, and arguments are read before anything else is imported
if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from jobs.__main__ import main

    sys.exit(main([Path(__file__).stem, *sys.argv[1:]]))


from pyspark import StorageLevel
from pyspark.sql import functions as F

from jobs.inventory import listed_endpoints, transactions
from pipelines import cli
from pipelines.endpoints.build import listed
from pipelines.endpoints.client_names import CLIENTS, named
from pipelines.endpoints.table import ENDPOINT_KEY
from pipelines.paths.templates_table import PATH_TEMPLATES
from pipelines.schemas.build import learned, slices
from pipelines.schemas.deviants import deviants
from pipelines.schemas.maps import maps_of, with_maps
from pipelines.schemas.observations import parameter_values
from pipelines.schemas.tables import DEVIANTS, PARAMETER_SLICES, SCHEMAS
from pipelines.schemas.versions import new_versions
from pipelines.selection.thresholds import learning_threshold
from pipelines.selection.variant import Variant


def learn_schemas(run: cli.Run, variant: Variant) -> dict[str, int]:
    """Rewrites the parameter slices of `variant` and appends the schemas whose judgement changed."""
    warehouse, settings = run.warehouse, run.settings
    with run.reporter.stage("Learning parameters") as outcome:
        inventory = listed_endpoints(run).where(F.col("variant") == variant)
        endpoints = listed(inventory, learning_threshold(settings.schemas))
        successful = transactions(run).where(F.col("status").between(200, 299))
        taught = successful.join(PATH_TEMPLATES.read(warehouse), ["host", "path_shape"]).join(
            endpoints.select(*ENDPOINT_KEY), list(ENDPOINT_KEY[1:])
        )
        clients = CLIENTS.read(warehouse)
        read = parameter_values(named(taught, clients)).persist(StorageLevel.DISK_ONLY)
        values = with_maps(read, maps_of(read, settings.schemas).localCheckpoint())
        answers = named(transactions(run).select("client", "status"), clients)
        apart = deviants(values, answers, settings.deviants).withColumn("variant", F.lit(variant))
        DEVIANTS.replace(apart, warehouse, f"variant = '{variant}'")
        strangers = DEVIANTS.read(warehouse).where(F.col("variant") == variant).select("client")
        teaching = values.join(F.broadcast(strangers), "client", "left_anti")
        PARAMETER_SLICES.replace(slices(teaching, settings.schemas), warehouse, f"variant = '{variant}'")
        read.unpersist()
        mine = PARAMETER_SLICES.read(warehouse).where(F.col("variant") == variant)
        fresh = new_versions(learned(mine, settings.schemas), SCHEMAS.read(warehouse)).localCheckpoint()
        changed = fresh.agg(
            F.count("*").alias("schemas"),
            F.coalesce(F.sum(F.size("parameters")), F.lit(0)).alias("parameters"),
        )
        counts = changed.collect()[0].asDict()
        if counts["schemas"]:
            SCHEMAS.append(fresh, warehouse)
        counts["deviants"] = strangers.count()
        outcome.append(
            f"{counts['schemas']:,} new or changed schemas, {counts['parameters']:,} parameters in them; "
            f"{counts['deviants']:,} deviating clients set apart"
        )
    return {
        "new_schema_versions": counts["schemas"],
        "parameters_in_them": counts["parameters"],
        "deviating_clients": counts["deviants"],
    }
