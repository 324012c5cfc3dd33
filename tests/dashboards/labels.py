"""Which labels the result of an expression can have: every clause is held against what its operands have.

So a misspelt label in `by`, `on`, `group_left` or a legend is found without any data.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import promql_parser as promql

from tests.dashboards.promql import selector

Labels = frozenset[str]

TARGET = frozenset({"job", "instance", "pod"})
"""What Prometheus adds to whatever it scrapes; `pod` where a Kubernetes service discovery does."""

_KEEPING = {"topk", "bottomk", "limitk", "limit_ratio"}
_SET = {"and", "unless", "or"}


class UnknownLabelError(Exception):
    """A clause names a label that its operand cannot have."""


class UnknownMetricError(Exception):
    """A metric that nobody exposes or records."""


@dataclass
class Inference:
    """Labels by metric; the result of `labels` is what the expression's series may have besides their name."""

    metrics: Mapping[str, Labels]
    _calls: Mapping[str, Callable[[promql.Call], Labels]] = field(init=False)

    def __post_init__(self) -> None:
        self._calls = {
            "label_replace": self._label_replace,
            "label_join": self._label_join,
            "absent": self._absent,
            "absent_over_time": self._absent,
            "scalar": self._nothing,
            "histogram_quantile": lambda call: self._argument(call) - {"le"},
        }

    def labels(self, expr: str) -> Labels:
        """Raises UnknownLabelError, UnknownMetricError, and ValueError where the expression does not parse."""
        return self._of(promql.parse(expr))

    def _of(self, node: object) -> Labels:
        if isinstance(node, promql.VectorSelector):
            return self._selected(node)
        if isinstance(node, promql.MatrixSelector):
            return self._selected(node.vector_selector)
        if isinstance(node, promql.ParenExpr | promql.UnaryExpr | promql.SubqueryExpr):
            return self._of(node.expr)
        if isinstance(node, promql.AggregateExpr):
            return self._aggregated(node)
        if isinstance(node, promql.BinaryExpr):
            return self._combined(node)
        if isinstance(node, promql.Call):
            return self._calls.get(node.func.name, self._argument)(node)
        return frozenset()

    def _selected(self, node: promql.VectorSelector) -> Labels:
        found = selector(node)
        if found.metric not in self.metrics:
            raise UnknownMetricError(found.metric)
        labels = self.metrics[found.metric]
        self._require(labels, {each.label for each in found.matchers}, str(node))
        return labels

    def _aggregated(self, node: promql.AggregateExpr) -> Labels:
        labels = self._of(node.expr)
        operator = str(node.op).lower()
        added = frozenset({node.param.val}) if isinstance(node.param, promql.StringLiteral) else frozenset[str]()
        if node.modifier is None:
            return labels if operator in _KEEPING else added
        named = frozenset(node.modifier.labels)
        if node.modifier.type == promql.AggModifierType.Without:
            self._require(labels | TARGET, named, str(node))
            return labels - named | added
        self._require(labels, named, str(node))
        return labels if operator in _KEEPING else named | added

    def _combined(self, node: promql.BinaryExpr) -> Labels:
        left, right = self._of(node.lhs), self._of(node.rhs)
        modifier = node.modifier
        operator = str(node.op).lower()
        matching = modifier.matching if modifier is not None else None
        named = frozenset(matching.labels) if matching is not None else frozenset[str]()
        on = matching is not None and matching.type == promql.LabelModifierType.Include
        # what is ignored may well be on one side only
        self._require(left if on else left | right, named, str(node.lhs))
        self._require(right if on else left | right, named, str(node.rhs))
        if operator in _SET:
            return left | right if operator == "or" else left
        if _is_scalar(node.lhs):
            return right
        group = frozenset(modifier.group_labels or ()) if modifier is not None else frozenset[str]()
        card = modifier.card if modifier is not None else None
        if card == promql.VectorMatchCardinality.ManyToOne:
            self._require(right, group, str(node.rhs))
            return left | group
        if card == promql.VectorMatchCardinality.OneToMany:
            self._require(left, group, str(node.lhs))
            return right | group
        if on:
            return named
        return left - named

    def _argument(self, call: promql.Call) -> Labels:
        """Most functions keep the labels of the vector that they are given."""
        return frozenset[str]().union(*(self._of(argument) for argument in call.args))

    def _label_replace(self, call: promql.Call) -> Labels:
        vector, target, _, source, _ = call.args
        labels = self._of(vector)
        self._require(labels | {""}, {source.val}, str(call))
        return labels | {target.val}

    def _label_join(self, call: promql.Call) -> Labels:
        vector, target, _, *sources = call.args
        labels = self._of(vector)
        self._require(labels, {each.val for each in sources}, str(call))
        return labels | {target.val}

    def _absent(self, call: promql.Call) -> Labels:
        return self._argument(call)

    def _nothing(self, call: promql.Call) -> Labels:
        self._argument(call)
        return frozenset()

    @staticmethod
    def _require(has: Labels, named: frozenset[str] | set[str], where: str) -> None:
        if missing := named - has:
            raise UnknownLabelError(
                f"{', '.join(sorted(missing))} in {where[:300]}, which has {', '.join(sorted(has))}"
            )


def _is_scalar(node: object) -> bool:
    if isinstance(node, promql.ParenExpr | promql.UnaryExpr):
        return _is_scalar(node.expr)
    if isinstance(node, promql.BinaryExpr):
        return _is_scalar(node.lhs) and _is_scalar(node.rhs)
    if isinstance(node, promql.Call):
        return bool(node.func.return_type == promql.ValueType.Scalar)
    return isinstance(node, promql.NumberLiteral)
