"""Two functions over one package, and everything their settings need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cloudformation import Deployment
from template_tools import TEMPLATE

from invoice_renderer.settings import Settings

FUNCTIONS = ("ApiFunction", "WorkerFunction")
NOT_SETTINGS = {
    "POWERTOOLS_SERVICE_NAME",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_LOG_LEVEL",
    "FONTCONFIG_FILE",
    "LIBTHAI_DICTDIR",
}
# What each function has besides what both have.
API_ONLY = {"PARTNER_CLAIM"}
WORKER_ONLY = {
    "CARRIERX_PAGE_SIZE",
    "INTAKE_BUCKET",
    "QUEUE_URL",
    "DEAD_LETTER_QUEUE_URL",
    "MAX_RECEIVES",
    "FIRST_SWEEP_DAYS",
}
# Another allowed value for each parameter that reaches a function.
CHANGES = {
    "CarrierxBaseUrl": "https://api.example",
    "TokenSecretArn": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:token-AbCdEf",
    "CarrierxTokenField": "token",
    "CarrierxFieldsParameter": "include_fields",
    "CarrierxPageSize": "100",
    "UseOwnProfile": "true",
    "LinkSeconds": "300",
    "PartnerClaim": "custom:partner",
    "FirstSweepDays": "7",
    "LogLevel": "DEBUG",
    "SnapStart": "false",
}
DeployedWith = Callable[..., Deployment]


def environment(deployed: Deployment, function: str) -> dict[str, str]:
    variables = deployed.properties(function)["Environment"]["Variables"]
    return {name: str(value) for name, value in variables.items()}


def version(deployed: Deployment, function: str) -> dict[str, Any]:
    (found,) = (
        it
        for it in deployed.of_type("AWS::Lambda::Version").values()
        if it["FunctionName"] == "${" + function + "}"
    )
    return found


# ----------------------------------------------------------------------------- settings


def test_every_setting_has_its_variable_and_every_variable_its_setting(
    deployed: Deployment,
) -> None:
    given = set(environment(deployed, "ApiFunction")) | set(environment(deployed, "WorkerFunction"))

    assert given - NOT_SETTINGS == {name.upper() for name in Settings.model_fields}


def test_each_function_has_what_it_needs_and_no_more(deployed: Deployment) -> None:
    api, worker = (set(environment(deployed, function)) for function in FUNCTIONS)

    assert api - worker == API_ONLY
    assert worker - api == WORKER_ONLY
    assert api & worker >= NOT_SETTINGS


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("changes", [{}, CHANGES], ids=["defaults", "changed"])
def test_the_settings_can_be_read_from_the_environment(
    deployed_with: DeployedWith, function: str, changes: dict[str, str]
) -> None:
    settings = Settings.from_environment(environment(deployed_with(**changes), function))

    assert settings.output_bucket == "${OutputBucket}"
    assert settings.output_kms_key == "${Key.Arn}"


def test_defaults_of_parameters_are_defaults_of_settings(deployed: Deployment) -> None:
    """What a local run does, a deployment does."""
    settings = Settings.from_environment(environment(deployed, "WorkerFunction"))
    api = Settings.from_environment(environment(deployed, "ApiFunction"))

    for name in (
        "carrierx_base_url",
        "carrierx_page_size",
        "max_receives",
        "seller_profile",
        "link_seconds",
        "first_sweep_days",
    ):
        assert getattr(settings, name) == Settings.model_fields[name].default, name
    assert api.partner_claim == Settings.model_fields["partner_claim"].default
    assert (api.max_lines, settings.max_lines) == (5_000, 100_000)
    assert (api.max_plain_rows, settings.max_plain_rows) == (1_200, 5_000)


@pytest.mark.parametrize(
    ("parameter", "setting"),
    [
        ("LinkSeconds", "link_seconds"),
        ("CarrierxPageSize", "carrierx_page_size"),
        ("FirstSweepDays", "first_sweep_days"),
    ],
)
def test_a_number_that_a_parameter_takes_is_one_that_the_setting_takes(
    template: dict[str, Any], parameter: str, setting: str
) -> None:
    limits = {
        kind: getattr(rule, kind)
        for rule in Settings.model_fields[setting].metadata
        for kind in ("ge", "le")
        if hasattr(rule, kind)
    }
    declared = template["Parameters"][parameter]

    assert declared["MinValue"] >= limits["ge"]
    assert declared["MaxValue"] <= limits["le"]


def test_the_own_profile_is_in_the_intake_bucket(deployed_with: DeployedWith) -> None:
    told = environment(deployed_with(UseOwnProfile="true"), "ApiFunction")["SELLER_PROFILE"]

    assert told == "s3://${IntakeBucket}/profile/seller.toml"


def test_no_secret_is_in_the_environment(deployed: Deployment) -> None:
    for function in FUNCTIONS:
        told = environment(deployed, function)
        assert told["CARRIERX_TOKEN_SECRET"] == "${TokenSecret.Id}", "its name, not its value"
        assert "resolve:secretsmanager" not in str(told)


# ----------------------------------------------------------------------------- versions


def test_callers_reach_a_published_version_that_starts_from_a_snapshot(
    deployed: Deployment,
) -> None:
    assert {it["Name"] for it in deployed.of_type("AWS::Lambda::Alias").values()} == {"live"}
    assert deployed.properties("ApiFunction")["SnapStart"] == {"ApplyOn": "PublishedVersions"}


def test_the_worker_for_whom_nobody_waits_costs_no_snapshot(deployed: Deployment) -> None:
    assert "SnapStart" not in deployed.properties("WorkerFunction")


def test_snapshots_can_be_switched_off(deployed_with: DeployedWith) -> None:
    deployed = deployed_with(SnapStart="false")

    assert deployed.properties("ApiFunction")["SnapStart"] == {"ApplyOn": "None"}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("parameter", CHANGES)
def test_a_changed_parameter_publishes_a_new_version(
    deployed_with: DeployedWith, parameter: str, function: str
) -> None:
    """Otherwise the deployment succeeds and "live" goes on with the old value."""
    before, after = deployed_with(), deployed_with(**{parameter: CHANGES[parameter]})

    changed = before.properties(function) != after.properties(function)
    published = version(before, function) != version(after, function)
    assert published == changed


def test_no_parameter_that_reaches_a_function_is_forgotten_here(
    template: dict[str, Any], deployed_with: DeployedWith
) -> None:
    """Each other parameter, set to something else, leaves both functions as they were."""
    before = deployed_with()
    for name, declared in template["Parameters"].items():
        if name in CHANGES or name.endswith("ReservedConcurrency"):
            continue
        allowed = [str(it) for it in declared.get("AllowedValues", ["another", "7"])]
        after = deployed_with(
            **{name: next(it for it in allowed if it != str(declared["Default"]))}
        )
        for function in FUNCTIONS:
            assert before.properties(function) == after.properties(function), name


def test_the_description_of_a_version_never_exceeds_256_characters(
    template: dict[str, Any], deployed_with: DeployedWith
) -> None:
    longest = {"UseOwnProfile": "false", "LogLevel": "CRITICAL", "SnapStart": "false"}
    for name in CHANGES:
        declared = template["Parameters"][name]
        if "MaxValue" in declared:
            longest[name] = str(declared["MaxValue"])
        if "MaxLength" in declared:
            longest[name] = "x" * declared["MaxLength"]
    prefix = "arn:aws:secretsmanager:us-east-1:111122223333:secret:"
    room = template["Parameters"]["TokenSecretArn"]["MaxLength"] - len(prefix)
    longest["TokenSecretArn"] = prefix + "x" * room

    for function in FUNCTIONS:
        assert len(version(deployed_with(**longest), function)["Description"]) <= 256


def test_old_versions_are_not_kept_for_their_snapshots_are_billed(
    transformed: dict[str, Any],
) -> None:
    versions = [
        it for it in transformed["Resources"].values() if it["Type"] == "AWS::Lambda::Version"
    ]
    assert [it["DeletionPolicy"] for it in versions] == ["Delete", "Delete"]


# ----------------------------------------------------------------------------- the package


def test_both_functions_run_one_package_and_the_same_layers(deployed: Deployment) -> None:
    api, worker = (deployed.properties(function) for function in FUNCTIONS)
    layers = sorted("${" + layer + "}" for layer in deployed.of_type("AWS::Lambda::LayerVersion"))

    assert api["Code"] == worker["Code"]
    assert len(layers) == 2
    assert sorted(api["Layers"]) == sorted(worker["Layers"]) == layers
    assert (api["Handler"], worker["Handler"]) == (
        "invoice_renderer.app.api",
        "invoice_renderer.app.worker",
    )
    assert api["Runtime"] == worker["Runtime"] == "python3.13"


def test_the_other_processor_is_one_word_away() -> None:
    """The build replaces the word, so it must stand in these places and in no other."""
    lines = [it.strip() for it in TEMPLATE.read_text("utf-8").splitlines() if "arm64" in it]

    assert sorted(lines) == [
        "Architectures: [arm64]",
        "CodeUri: dist/function-arm64.zip",
        "CompatibleArchitectures: [arm64]",
        "ContentUri: dist/layer-arm64.zip",
    ]
    assert "x86_64" not in TEMPLATE.read_text("utf-8")


@pytest.mark.parametrize(
    ("function", "seconds", "role"),
    [("ApiFunction", 28, "ApiRole"), ("WorkerFunction", 300, "WorkerRole")],
)
def test_a_function_has_its_own_time_role_log_and_traces(
    deployed: Deployment, function: str, seconds: int, role: str
) -> None:
    properties = deployed.properties(function)

    assert properties["Timeout"] == seconds
    assert properties["Role"] == "${" + role + ".Arn}"
    assert properties["LoggingConfig"]["LogGroup"] == "${" + role.replace("Role", "LogGroup") + "}"
    assert properties["TracingConfig"] == {"Mode": "Active"}
    assert properties["RecursiveLoop"] == "Terminate"
    assert 1024 <= properties["MemorySize"] <= 2048


def test_concurrency_is_reserved_only_where_asked(
    deployed: Deployment, deployed_with: DeployedWith
) -> None:
    """The first quota of a new AWS account is too small for any reservation."""
    asked = deployed_with(ApiReservedConcurrency=20, WorkerReservedConcurrency=10)

    for function, reserved in zip(FUNCTIONS, ("20", "10"), strict=True):
        assert "ReservedConcurrentExecutions" not in deployed.properties(function)
        assert asked.properties(function)["ReservedConcurrentExecutions"] == reserved


def test_names_fit_where_the_stack_has_57_characters(deployed: Deployment) -> None:
    """A function's name ends at 64 characters, a queue's at 80."""
    for kind, name, limit in (
        ("AWS::Lambda::Function", "FunctionName", 64),
        ("AWS::SQS::Queue", "QueueName", 80),
    ):
        for properties in deployed.of_type(kind).values():
            assert len(properties[name].removeprefix("billing")) + 57 <= limit


# ----------------------------------------------------------------------------- parameters


def test_every_parameter_is_described_limited_grouped_and_has_a_default(
    template: dict[str, Any],
) -> None:
    limits = {"AllowedPattern", "AllowedValues", "MinValue"}
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]

    assert sorted(grouped) == sorted(template["Parameters"])
    for name, declared in template["Parameters"].items():
        assert "Default" in declared, name
        assert len(declared["Description"]) > 20, name
        assert limits & declared.keys(), name
