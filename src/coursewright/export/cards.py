"""The two cards: YAML metadata that the hub reads, and a body for people.

Whatever comes from a task, an agent, a teacher or a folder is data: YAML is written by a YAML
library, and the templates pass every value through `markdown.value`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import jinja2
import yaml

from coursewright.chat import Manner, layout, schemas, told
from coursewright.export import markdown
from coursewright.export.base import Base
from coursewright.export.dataset import forms_of, record_of
from coursewright.export.delivery import Delivery, programs, public_names
from coursewright.records import Result, Usage
from coursewright.summary import smallest_line

Form = Literal["full", "adapter", "merged"]
"""What the weights are: whole as trained, an adapter, or an adapter merged into its base."""

SAMPLE = 4000
"""Characters; a longer first row is not shown on the card."""
_MARK = "\0"
"""Where the question stands in the turns that ask it; no text of a task holds it."""
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"))


@dataclass(frozen=True)
class Exhibit:
    """What an export holds beside the run's own facts."""

    name: str
    """Of the model and of the data set."""
    form: Form
    base: Base
    repository: str | None = None
    """ORG/NAME, if it goes to the hub."""


def model_card(delivery: Delivery, exhibit: Exhibit) -> str:
    """The README.md of the model."""
    base, repository = exhibit.base, exhibit.repository
    metadata: dict[str, Any] = {
        **(base.license or {"license": "unknown"}),
        "library_name": "peft" if exhibit.form == "adapter" else "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["coursewright", "sft", *(["lora"] if delivery.is_adapter else [])],
    }
    if base.repository is not None:
        metadata["base_model"] = base.repository
        metadata["base_model_relation"] = "adapter" if exhibit.form == "adapter" else "finetune"
    if repository is not None:
        metadata["datasets"] = [repository]
    metadata["model-index"] = [_index(delivery, exhibit)]
    return _card(
        metadata,
        "model.md",
        delivery,
        exhibit,
        snippet=markdown.block(_snippet(delivery, exhibit), "python"),
        training=delivery.training,
        preamble=delivery.preamble,
        in_turns=bool(delivery.rows[0].messages),
        recipe=_recipe(delivery),
        tokens=delivery.task and delivery.task.generation.max_new_tokens,
        form=exhibit.form,
    )


def data_card(delivery: Delivery, exhibit: Exhibit) -> str:
    """The README.md of the data set."""
    said, forms = _task_license(delivery), forms_of(delivery.rows)
    size = next((name for most, name in _SIZES if len(delivery.rows) < most), "100K<n<1M")
    metadata = {
        "license": said or "unknown",
        "pretty_name": exhibit.name,
        "task_categories": ["text-generation"],
        "tags": ["coursewright", "synthetic"],
        "size_categories": [size],
        "configs": [
            {
                "config_name": form,
                **({"default": True} if form == forms[0] else {}),
                "data_files": [{"split": "train", "path": f"{form}/train.parquet"}],
            }
            for form in forms
        ],
    }
    few = delivery.result.smallest
    collected, audited = delivery.round.collection, delivery.round.audit
    dropped: dict[str, int] = {}
    for part in (collected, audited):
        for reason, count in (part.dropped if part else {}).items():
            dropped[reason] = dropped.get(reason, 0) + count
    first = record_of(delivery.rows[0], forms[0], delivery.preamble)
    shown = json.dumps(first, ensure_ascii=False, indent=1)
    return _card(
        metadata,
        "data.md",
        delivery,
        exhibit,
        sample=markdown.block(shown, "json") if len(shown) <= SAMPLE else None,
        forms=forms,
        smallest=smallest_line(few) if few and delivery.smallest else None,
        preamble=delivery.preamble,
        read=collected.read if collected else len(delivery.rows),
        dropped=dropped,
        license=said,
    )


def _card(
    metadata: dict[str, Any], template: str, delivery: Delivery, exhibit: Exhibit, **facts: Any
) -> str:
    result = delivery.result
    embedded = {part.split()[0] for part in result.embedded}
    audited = delivery.round.audit
    body = (
        _templates()
        .get_template(template)
        .render(
            name=exhibit.name,
            base=exhibit.base,
            result=result,
            task=delivery.task,
            rows=len(delivery.rows),
            who=public_names(delivery.config),
            checks=audited.checks if audited else (),
            seeds=delivery.training_seeds,
            operation=delivery.round.operation,
            programs=programs(delivery),
            cost={
                "teacher": _cost(result.teacher_usage, "teacher" in embedded),
                "agent": _cost(result.agent_usage, "agent" in embedded),
                "student": _asked(result.student_usage),
            },
            gain=_gain(result),
            p_value="" if result.p_value is None else f", p = {result.p_value:.2g}",
            seconds=", ".join(f"{name} {spent:.0f}" for name, spent in result.seconds.items()),
            embedded=embedded,
            reality=_reality(embedded),
            **facts,
        )
    )
    front = yaml.safe_dump(metadata, sort_keys=False, allow_unicode=False, width=1000)
    return f"---\n{front}---\n\n{body.strip()}\n"


@cache
def _templates() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("coursewright.export", "cards"),
        finalize=markdown.value,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    made.filters |= {
        "code": markdown.code,
        "percent": markdown.percent,
        "ready": markdown.Ready,
    }
    return made


def _index(delivery: Delivery, exhibit: Exhibit) -> dict[str, Any]:
    """The hub's form of a score."""
    result = delivery.result
    metric = {"type": "accuracy", "value": delivery.final.private, "name": "private accuracy"}
    exam = {"name": markdown.one_line(result.task), "type": markdown.one_line(result.task)}
    scored = {"task": {"type": "text-generation"}, "dataset": exam, "metrics": [metric]}
    return {"name": exhibit.name, "results": [scored]}


def _task_license(delivery: Delivery) -> str | None:
    said = None if delivery.task is None else delivery.task.license
    return None if said is None else markdown.one_line(said)


def _cost(usage: Usage, embedded: bool) -> str:
    if not usage.calls + usage.cached:
        return "no calls"
    words = [f"{usage.calls} calls", f"{usage.cached} more from the cache"]
    words.append(f"{usage.prompt_tokens} prompt and {usage.completion_tokens} completion tokens")
    if usage.cost_usd is not None:
        words.append(f"{usage.cost_usd:.2f} USD")
    else:
        words.append("no money, for it is built in" if embedded else "at a price not known")
    if usage.estimated:
        words.append(f"tokens of {usage.estimated} calls counted here, not by the server")
    if usage.self_reported:
        words.append("by its own account")
    return ", ".join(words)


def _asked(usage: Usage) -> str:
    if not usage.calls and not usage.cached:
        return "not asked"
    return f"asked {usage.calls} times by programs, {usage.cached} more from the cache"


def _recipe(delivery: Delivery) -> dict[str, Any]:
    """The settings that took part in the training."""
    recipe = getattr(delivery.config.student, "recipe", None)
    settings: dict[str, Any] = {} if recipe is None else recipe.model_dump(mode="json")
    return {k: v for k, v in settings.items() if delivery.is_adapter or not k.startswith("lora_")}


def _gain(result: Result) -> str:
    if result.gain_points is None or result.gain_points_ci95 is None:
        return "not measured"
    low, high = result.gain_points_ci95
    of_base = "" if result.gain_pct is None else f", {result.gain_pct:+.0f} % of the base"
    points = f"{result.gain_points:+.1f} points (95 % interval {low:+.1f} to {high:+.1f})"
    words = [f"{points}{of_base}"]
    if result.robust_gain_points is not None:
        words.append(f"{result.robust_gain_points:+.1f} with other numbers and in other words")
    if result.exam_only:
        words.append("a gain of this exam alone")
    if result.forgetting_points is not None:
        words.append(f"{result.forgetting_points:.1f} points forgotten of what it could do before")
    return "; ".join(words)


def _reality(embedded: set[str]) -> str:
    roles = ("agent", "teacher", "student")
    small = [f"the {role}" for role in roles if role in embedded]
    real = [f"the {role}" for role in roles if role not in embedded]
    said = []
    if small:
        said.append(f"Small and built in, not real models: {', '.join(small)}.")
    if real:
        said.append(f"Named by the user: {', '.join(real)}.")
    return " ".join(said)


def _snippet(delivery: Delivery, exhibit: Exhibit) -> str:
    """Python that asks the model as it was asked in the exam."""
    imports, loading = _loading(exhibit)
    instruction = "..." if delivery.task is None else delivery.task.instruction.strip()
    tokens = 256 if delivery.task is None else delivery.task.generation.max_new_tokens
    options = getattr(delivery.config.student, "template_options", {})
    switches = "".join(f", {name}={setting!r}" for name, setting in options.items())
    if _manner(delivery).tools and delivery.preamble.tools:
        switches += ", tools=tools"
    lines = [
        *imports,
        "from transformers import AutoModelForCausalLM, AutoTokenizer",
        "",
        *loading,
        *_turns(delivery, instruction),
        "text = tokenizer.apply_chat_template(",
        f"    turns, add_generation_prompt=True, tokenize=False{switches}",
        ")",
        "asked = tokenizer(text, add_special_tokens=False, return_tensors='pt')",
        "said = model.generate(",
        "    input_ids=asked['input_ids'], attention_mask=asked['attention_mask'],",
        f"    do_sample=False, max_new_tokens={tokens}, eos_token_id=tokenizer.eos_token_id,",
        ")",
        "start = asked['input_ids'].shape[1]",
        "print(tokenizer.decode(said[0, start:], skip_special_tokens=True))",
    ]
    return "\n".join(lines)


def _turns(delivery: Delivery, instruction: str) -> list[str]:
    """Lines of Python that make the turns of one question, and its tools."""
    turns = told(layout(instruction, _MARK), delivery.preamble, _manner(delivery))
    before, _, after = str(turns[-1]["content"]).partition(_MARK)
    content = f"{before!r} + question" + (f" + {after!r}" if after else "")
    last = f"{{'role': {turns[-1]['role']!r}, 'content': {content}}}"
    lines = ["question = '...'", f"turns = [{', '.join([*map(repr, turns[:-1]), last])}]"]
    if _manner(delivery).tools and delivery.preamble.tools:
        lines.append(f"tools = {schemas(delivery.preamble.tools)!r}")
    return lines


def _manner(delivery: Delivery) -> Manner:
    """What the student's chat template says by itself."""
    setup = delivery.training.setup
    native = () if setup is None else setup.native
    return Manner(system="system" in native, tools="tools" in native)


def _loading(exhibit: Exhibit) -> tuple[list[str], list[str]]:
    """Lines of Python that import what is needed, and that load tokenizer and model."""
    place, base = exhibit.repository or "model", exhibit.base
    tokenizer = "tokenizer = AutoTokenizer.from_pretrained(place)"
    if exhibit.form != "adapter":
        model = "model = AutoModelForCausalLM.from_pretrained(place)"
        return [], [f"place = {place!r}", tokenizer, model]
    imports, first = ["from peft import PeftModel"], f"place = {place!r}"
    name = repr(base.repository or f"path/to/{base.name}")
    if base.embedded:
        name = "place + '/base'"
        if exhibit.repository is not None:
            imports.insert(0, "from huggingface_hub import snapshot_download")
            first = f"place = snapshot_download({place!r})"
    elif base.revision is not None:
        name += f", revision={base.revision!r}"
    loading = [
        f"base = AutoModelForCausalLM.from_pretrained({name})",
        "model = PeftModel.from_pretrained(base, place)",
    ]
    return imports, [first, tokenizer, *loading]
