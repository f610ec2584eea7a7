"""Who can be the student, how it is trained, and who answers for it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, field_validator, model_validator

from coursewright.config.endpoints import ServerUrl
from coursewright.config.parts import CustomPart, KeyName, Part


class Recipe(Part):
    """How a student is fine-tuned. The defaults are those of the embedded student."""

    method: Literal["full", "lora"] = "full"
    learning_rate: float = Field(default=2e-3, gt=0)
    epochs: int = Field(default=3, ge=1)
    batch: int = Field(default=16, ge=1)
    """Rows per forward pass; times `accumulation` it is the rows of one optimiser step. Where it
    does not fit into memory, fewer rows are passed at a time, and that product stays."""
    accumulation: int = Field(default=1, ge=1)
    """Forward passes whose gradients are added up before a step."""
    warmup: float = Field(default=0.1, ge=0, lt=1)
    """Share of all steps."""
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    weight_decay: float = Field(default=0.0, ge=0)
    max_length: int = Field(default=192, ge=8)
    """Tokens of prompt and response together; longer rows are cut."""
    lora_rank: int = Field(default=8, ge=1)
    lora_alpha: int = Field(default=16, ge=1)
    lora_dropout: float = Field(default=0.0, ge=0, lt=1)
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    """Half precision is used on GPUs that have it; the record says what was used."""
    gradient_checkpointing: bool = False
    """Also switched on by itself when not even one row at a time fits into memory."""
    packing: bool = False
    """Lay rows end to end up to `max_length`, without padding; a step then sees more rows. Needs
    CUDA with flash-attention; elsewhere rows are padded, and the record says so."""


class StudyRecipe(Recipe):
    """The study's listing, where it differs: LoRA on all linear layers, AdamW."""

    method: Literal["full", "lora"] = "lora"
    learning_rate: float = Field(default=1e-4, gt=0)
    batch: int = Field(default=1, ge=1)
    accumulation: int = Field(default=8, ge=1)
    max_length: int = Field(default=2048, ge=8)
    dtype: Literal["float32", "bfloat16", "float16"] = "bfloat16"


EmbeddedName = Literal["nano", "pico"]
"""The models that come with the package; each is a folder of `student`."""
EMBEDDED_NAMES: tuple[EmbeddedName, ...] = get_args(EmbeddedName)


class EmbeddedStudent(Part):
    kind: EmbeddedName = "nano"
    recipe: Recipe = Recipe()
    threads: int = Field(default=1, ge=1, le=64)
    """Threads of one worker. One is the default on purpose: two threads beside any other busy
    process lose far more than the second one gains."""
    answer_batch: int = Field(default=64, ge=1)
    """Prompts answered at once."""


class StudentServer(Part):
    """A server that answers in the place of the student's worker: vLLM, or `transformers serve`.

    It is asked for completions of whole prompts, which the worker has rendered as for training.
    """

    base_url: ServerUrl = "http://127.0.0.1:8000/v1"
    loads: Literal["adapter", "folder"] = "adapter"
    """How it takes a student in: `adapter` at run time, as vLLM does (LoRA alone), or `folder`, as
    `transformers serve` does, which knows a model by its folder. It sees this machine's files."""
    model: str | None = None
    """Its name for the base model, with `adapter`; None is the student's own `model`."""
    key: KeyName | None = None
    """Name of the environment variable that holds the key, if it wants one."""
    concurrency: int = Field(default=128, ge=1, le=1024)
    """Prompts under way at once; the study's servers took as many."""
    seconds: float = Field(default=900.0, gt=0)
    """Deadline of one answer, all its tries and pauses included."""
    attempts: int = Field(default=8, ge=1)
    """Times one prompt is sent."""


class HuggingFaceStudent(Part):
    kind: Literal["hf"] = "hf"
    model: str
    """A causal language model: a local folder, or an id of the Hugging Face hub (`ORG/NAME`)."""
    revision: str | None = None
    """Commit, tag or branch on the hub; a run writes down the commit it found."""
    token: str | None = "HF_TOKEN"
    """Name of the environment variable that holds a hub token, for gated and private models."""
    template_options: dict[str, Any] = Field(default_factory=dict)
    """Switches of the model's own chat template, such as `enable_thinking: false`."""
    recipe: StudyRecipe = StudyRecipe()
    threads: int = Field(default=1, ge=1, le=64)
    gpu: int = Field(default=0, ge=0)
    """Which of the visible GPUs; without a GPU it trains on the CPU."""
    answer_batch: int = Field(default=16, ge=1)
    """Prompts answered at once; halved where memory is short."""
    server: StudentServer | None = None
    """Who answers instead of the worker."""

    @model_validator(mode="after")
    def _adapters_come_from_lora(self) -> HuggingFaceStudent:
        if self.server and self.server.loads == "adapter" and self.recipe.method == "full":
            raise ValueError(
                "a server that loads adapters has none to load under full fine-tuning: set "
                "server.loads to folder, or leave the answers to the worker"
            )
        return self

    @field_validator("recipe", mode="before")
    @classmethod
    def _from_any_recipe(cls, value: Any) -> Any:
        return value.model_dump() if isinstance(value, Recipe) else value


StudentConfig = Annotated[
    EmbeddedStudent | HuggingFaceStudent | CustomPart, Field(discriminator="kind")
]
