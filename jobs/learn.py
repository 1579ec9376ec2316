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
from pipelines.endpoints.client_days import CLIENT_DAYS, answers
from pipelines.endpoints.client_names import CLIENTS, named
from pipelines.endpoints.table import ENDPOINT_KEY
from pipelines.paths.templates_table import PATH_TEMPLATES
from pipelines.schemas.build import learned, slice_states, slices
from pipelines.schemas.deviants import deviants
from pipelines.schemas.maps import maps_of, members_of
from pipelines.schemas.observations import observed, with_apart
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
        # plans are cut where their result is small: in text a kept frame repeats all that it was made of, wherever it is read
        batches = observed(named(taught, clients)).localCheckpoint(storageLevel=StorageLevel.DISK_ONLY)
        maps = maps_of(members_of(batches), settings.schemas).localCheckpoint()
        asked = named(answers(CLIENT_DAYS.read(warehouse)), clients).localCheckpoint()
        apart = deviants(batches, maps, asked, settings.deviants).localCheckpoint()
        states = slice_states(with_apart(batches, apart), maps, settings.schemas).localCheckpoint()
        found = slices(states).localCheckpoint()
        DEVIANTS.replace(apart.withColumn("variant", F.lit(variant)), warehouse, f"variant = '{variant}'")
        PARAMETER_SLICES.replace(found, warehouse, f"variant = '{variant}'")
        fresh = new_versions(learned(found, settings.schemas), SCHEMAS.read(warehouse)).localCheckpoint()
        changed = fresh.agg(
            F.count("*").alias("schemas"),
            F.coalesce(F.sum(F.size("parameters")), F.lit(0)).alias("parameters"),
        )
        counts = changed.crossJoin(apart.agg(F.count("*").alias("deviants"))).collect()[0].asDict()
        if counts["schemas"]:
            SCHEMAS.append(fresh, warehouse)
        outcome.append(
            f"{counts['schemas']:,} new or changed schemas, {counts['parameters']:,} parameters in them; "
            f"{counts['deviants']:,} deviating clients set apart"
        )
    return {
        "new_schema_versions": counts["schemas"],
        "parameters_in_them": counts["parameters"],
        "deviating_clients": counts["deviants"],
    }
