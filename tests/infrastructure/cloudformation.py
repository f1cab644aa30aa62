"""Just enough of CloudFormation to ask a template what it would deploy.

``load`` reads the YAML with its short tags; ``deploy`` takes parameters and answers with the
resources and outputs that CloudFormation would make: conditions decided, parameters put in.
References to other resources stay visible, as ``${OutputBucket.Arn}``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PSEUDO_PARAMETERS = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::StackName": "billing",
    "AWS::URLSuffix": "amazonaws.com",
}
NOTHING = object()  # what AWS::NoValue stands for


class _Loader(yaml.SafeLoader):
    """SafeLoader that reads ``!Sub x`` as ``{"Fn::Sub": "x"}``, and so on for every short tag."""


def _short_tag(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in {"Ref", "Condition"} else f"Fn::{tag}"
    if isinstance(node, yaml.ScalarNode):
        text = loader.construct_scalar(node)
        return {name: text.split(".", 1) if tag == "GetAtt" else text}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _short_tag)


def load(path: Path) -> dict[str, Any]:
    return yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader


@dataclass(frozen=True)
class Deployment:
    resources: dict[str, dict[str, Any]]
    outputs: dict[str, dict[str, Any]]

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties of every resource of the type, by logical name."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def properties(self, name: str) -> dict[str, Any]:
        return self.resources[name]["Properties"]


def deploy(template: Mapping[str, Any], **parameters: object) -> Deployment:
    unknown = parameters.keys() - template["Parameters"].keys()
    assert not unknown, f"the template has no parameter {unknown}"
    values = {
        name: str(parameters.get(name, declared["Default"]))
        for name, declared in template["Parameters"].items()
    }
    resolver = _Resolver(values, template["Conditions"])
    return Deployment(
        resources=_made(template["Resources"], resolver),
        outputs=_made(template["Outputs"], resolver),
    )


def _made(declared: Mapping[str, Any], resolver: _Resolver) -> dict[str, dict[str, Any]]:
    return {
        name: resolver.resolve(entry)
        for name, entry in declared.items()
        if "Condition" not in entry or resolver.decide({"Condition": entry["Condition"]})
    }


class _Resolver:
    def __init__(self, values: Mapping[str, str], conditions: Mapping[str, Any]) -> None:
        self._values = {**PSEUDO_PARAMETERS, **values}
        self._conditions = conditions

    def decide(self, condition: Any) -> bool:
        ((name, argument),) = condition.items()
        if name == "Condition":
            return self.decide(self._conditions[argument])
        if name == "Fn::Not":
            return not self.decide(argument[0])
        if name == "Fn::And":
            return all(self.decide(each) for each in argument)
        assert name == "Fn::Equals", name
        left, right = (str(self.resolve(each)) for each in argument)
        return left == right

    def resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            resolved = [self.resolve(each) for each in value]
            return [each for each in resolved if each is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if function := self._functions().get(name):
                return function(argument)
        resolved = {key: self.resolve(each) for key, each in value.items()}
        return {key: each for key, each in resolved.items() if each is not NOTHING}

    def _functions(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "Ref": self._ref,
            "Fn::GetAtt": lambda argument: "${" + ".".join(argument) + "}",
            "Fn::If": self._if,
            "Fn::Sub": self._sub,
            "Fn::Split": lambda argument: self.resolve(argument[1]).split(argument[0]),
            "Fn::Select": lambda argument: self.resolve(argument[1])[int(argument[0])],
        }

    def _ref(self, name: str) -> Any:
        return NOTHING if name == "AWS::NoValue" else self._values.get(name, "${" + name + "}")

    def _if(self, argument: list[Any]) -> Any:
        condition, when_true, when_false = argument
        chosen = when_true if self.decide({"Condition": condition}) else when_false
        return self.resolve(chosen)

    def _sub(self, argument: Any) -> str:
        text, local = (argument, {}) if isinstance(argument, str) else argument
        known = {**self._values, **self.resolve(local)}
        return re.sub(r"\$\{([^}]+)\}", lambda found: known.get(found[1], found[0]), text)
