// SPDX-License-Identifier: Apache-2.0
#include "core/spec/field_table.h"

#include "core/base/text.h"
#include "core/spec/modality.h"

#include <utility>

namespace orrery {

namespace {

constexpr double kMaxSteps = 1e9;
constexpr double kMaxExactInteger = 9007199254740991.0; // 2^53 - 1: every JSON reader keeps it

/// Fluent record of one setting, so that the table below reads as a table.
struct Entry {
    Field field;

    Entry &&unit(std::string unit) &&
    {
        field.unit = std::move(unit);
        return std::move(*this);
    }
    Entry &&range(double minimum, double maximum) &&
    {
        field.minimum = minimum;
        field.maximum = maximum;
        return std::move(*this);
    }
    /// minimum < value <= maximum
    Entry &&above(double minimum, double maximum) &&
    {
        field.minimumExclusive = true;
        return std::move(*this).range(minimum, maximum);
    }
    /// minimum <= value < maximum
    Entry &&below(double minimum, double maximum) &&
    {
        field.maximumExclusive = true;
        return std::move(*this).range(minimum, maximum);
    }
    Entry &&choices(std::vector<std::string> names) &&
    {
        field.type = FieldType::Choice;
        field.choices = std::move(names);
        return std::move(*this);
    }
    /// Plugins may add names to its choices.
    Entry &&extendedBy(std::string point) &&
    {
        field.point = std::move(point);
        return std::move(*this);
    }
    Entry &&path() &&
    {
        field.type = FieldType::Path;
        return std::move(*this);
    }
    Entry &&entries(size_t number) &&
    {
        field.listSize = number;
        return std::move(*this);
    }
    Entry &&live() &&
    {
        field.change = FieldChange::WhileRunning;
        return std::move(*this);
    }
    Entry &&advanced() &&
    {
        field.advanced = true;
        return std::move(*this);
    }
};

constexpr FieldType typeOf(const bool &) { return FieldType::Bool; }
constexpr FieldType typeOf(const int64_t &) { return FieldType::Integer; }
constexpr FieldType typeOf(const double &) { return FieldType::Real; }
constexpr FieldType typeOf(const std::string &) { return FieldType::Text; }
constexpr FieldType typeOf(const std::vector<double> &) { return FieldType::RealList; }
constexpr FieldType typeOf(const std::vector<std::string> &) { return FieldType::TextList; }

/// @param place gives the value's reference within a spec: [](auto &spec) -> auto & { return
/// spec.model.layers; }
template <typename Place>
Entry entry(const char *key, const char *label, const char *group, const char *owner, Place place,
            const char *effect)
{
    Entry made;
    Field &field = made.field;
    field.key = key;
    field.label = label;
    field.group = group;
    field.owner = owner;
    field.effect = effect;
    using Value = std::remove_cvref_t<decltype(place(std::declval<RunSpec &>()))>;
    field.type = typeOf(Value{});
    field.get = [place](const RunSpec &spec) { return FieldValue(place(spec)); };
    field.set = [place](RunSpec &spec, FieldValue value) { place(spec) = std::get<Value>(std::move(value)); };
    return made;
}

#define PLACE(member)                                                                                        \
    [](auto &spec) -> auto & { return spec.member; }

void addModel(std::vector<Entry> &table)
{
    const char *group = "Model";
    const char *owner = "core/nn";
    table.push_back(entry("model.preset", "Preset", group, "core/spec", PLACE(model.preset),
                          "Gives the defaults of the model; values set by hand win.")
                        .choices(presetNames()));
    table.push_back(entry("model.layers", "Layers", group, owner, PLACE(model.layers),
                          "Number of transformer blocks; cost grows in proportion.")
                        .range(1, 256));
    table.push_back(entry("model.width", "Width", group, owner, PLACE(model.width),
                          "Size of the residual stream; cost grows with its square.")
                        .range(8, 65536));
    table.push_back(entry("model.heads", "Heads", group, owner, PLACE(model.heads),
                          "Attention heads per layer; they divide the width among them.")
                        .range(1, 1024));
    table.push_back(entry("model.kv_heads", "Heads of keys and values", group, owner, PLACE(model.kvHeads),
                          "Queries share keys and values in groups, which makes the cache smaller; 0: as many "
                          "as heads.")
                        .range(0, 1024)
                        .advanced());
    table.push_back(entry("model.head_dim", "Width of a head", group, owner, PLACE(model.headDim),
                          "Size of one head's queries, keys and values; 0: the width shared out.")
                        .range(0, 4096)
                        .advanced());
    table.push_back(entry("model.context", "Context", group, owner, PLACE(model.context),
                          "How many tokens the model sees at once.")
                        .unit("tokens")
                        .range(2, 1048576));
    table.push_back(entry("model.window", "Window", group, owner, PLACE(model.window),
                          "How many tokens back each token sees, itself included; 0: all of the context.")
                        .unit("tokens")
                        .range(0, 1048576)
                        .advanced());
    table.push_back(entry("model.ffn", "Feed-forward", group, owner, PLACE(model.ffn),
                          "Activation of the feed-forward layers; gelu is the exact one.")
                        .choices({"swiglu", "gelu", "gelu_tanh"})
                        .extendedBy("FeedForward")
                        .advanced());
    table.push_back(entry("model.ffn_width", "Feed-forward width", group, owner, PLACE(model.ffnWidth),
                          "Inner size of the feed-forward layers; 0 takes 4 times the width, for swiglu 8/3.")
                        .range(0, 1048576)
                        .advanced());
    table.push_back(
        entry("model.norm", "Norm", group, owner, PLACE(model.norm), "Normalisation before each sub-layer.")
            .choices({"rmsnorm", "layernorm"})
            .advanced());
    table.push_back(entry("model.position", "Positions", group, owner, PLACE(model.position),
                          "How the model knows the order: rotated queries and keys, or a learned table.")
                        .choices({"rope", "learned"})
                        .advanced());
    table.push_back(entry("model.rope_theta", "Base of rope", group, owner, PLACE(model.ropeTheta),
                          "Longest wavelength of rotated positions; larger for longer contexts.")
                        .range(1, 1e9)
                        .advanced());
    table.push_back(entry("model.rope_factor", "Stretch of rope", group, owner,
                          PLACE(model.ropeScaling.factor),
                          "How far long wavelengths are stretched for contexts beyond those of the first "
                          "training, as Llama 3 does it; 1: not at all.")
                        .range(1, 1024)
                        .advanced());
    table.push_back(entry("model.rope_low_factor", "Stretched wavelengths", group, owner,
                          PLACE(model.ropeScaling.lowFactor),
                          "Wavelengths above the first context over this are stretched in full.")
                        .above(0, 1024)
                        .advanced());
    table.push_back(entry("model.rope_high_factor", "Kept wavelengths", group, owner,
                          PLACE(model.ropeScaling.highFactor),
                          "Wavelengths below the first context over this stay as they are.")
                        .above(0, 1024)
                        .advanced());
    table.push_back(entry("model.rope_original_context", "First context", group, owner,
                          PLACE(model.ropeScaling.originalContext),
                          "Context of the training that stretched positions began with.")
                        .unit("tokens")
                        .range(2, 1048576)
                        .advanced());
    table.push_back(entry("model.norm_eps", "Epsilon of norms", group, owner, PLACE(model.normEps),
                          "Added to what a norm divides by; 0 takes 1e-6, for layernorm 1e-5.")
                        .below(0, 1)
                        .advanced());
    table.push_back(entry("model.qk_norm", "Norm of queries and keys", group, owner, PLACE(model.qkNorm),
                          "Keeps attention scores in range, which allows higher learning rates.")
                        .advanced());
    table.push_back(entry("model.bias", "Bias", group, owner, PLACE(model.bias),
                          "Adds a bias to the linear layers of the blocks.")
                        .advanced());
    table.push_back(entry("model.tied", "Tied head", group, owner, PLACE(model.tied),
                          "The output head shares the token embedding's weights.")
                        .advanced());
    table.push_back(entry("model.dropout", "Dropout", group, owner, PLACE(model.dropout),
                          "Share of activations that is dropped in training; helps when the text is small.")
                        .below(0, 1)
                        .live());
    table.push_back(entry("model.attention_dropout", "Attention dropout", group, owner,
                          PLACE(model.attentionDropout),
                          "Share of attention weights that is dropped in training; above 0 the fused kernels "
                          "cannot be used, which costs time and memory.")
                        .below(0, 1)
                        .live()
                        .advanced());
    table.push_back(entry("model.stochastic_depth", "Stochastic depth", group, owner,
                          PLACE(model.stochasticDepth),
                          "Probability that the last layer is skipped in training; earlier layers less.")
                        .below(0, 1)
                        .advanced());
    table.push_back(entry("model.block", "Block", group, owner, PLACE(model.block),
                          "Implementation of the blocks: composed of plain tensor operations.")
                        .choices({"reference"})
                        .extendedBy("Block")
                        .advanced());
    table.push_back(entry("model.mask", "Mask", group, owner, PLACE(model.mask),
                          "Which tokens see which; causal: each sees those before it, within the window.")
                        .choices({"causal"})
                        .extendedBy("MaskPolicy")
                        .advanced());
}

void addModalities(std::vector<Entry> &table)
{
    const char *group = "Modalities";
    const char *owner = "core/nn";
    table.push_back(entry("attention.num_modalities", "Modalities", group, owner,
                          PLACE(model.attention.numModalities),
                          "What the model reads: 1 text, 2 pictures too, 3 recordings too.")
                        .range(1, static_cast<double>(kNumModalities)));
    table.push_back(entry("attention.separate", "Weights of each modality's own", group, owner,
                          PLACE(model.attention.isSeparate),
                          "Projections, norms and feed-forward for each modality; off: one set for all.")
                        .advanced());
    table.push_back(entry("attention.modality_dropout", "Modality dropout", group, owner,
                          PLACE(model.attention.modalityDropout),
                          "Probability that a modality is left out of a document in training, as if it had "
                          "never been there, where another one remains.")
                        .below(0, 1)
                        .advanced());
    table.push_back(
        entry("attention.z_loss", "Z-loss", group, owner, PLACE(model.attention.zLoss),
              "Weight of the squared log of the softmax's denominator; keeps logits from drifting.")
            .range(0, 1)
            .advanced());
    table.push_back(entry("media.image_size", "Picture size", group, "core/data",
                          PLACE(model.media.imageSize),
                          "Side of the square that pictures become: the middle square is cut out and scaled.")
                        .unit("pixels")
                        .range(1, 4096)
                        .advanced());
    table.push_back(entry("media.patch_size", "Patch size", group, "core/data", PLACE(model.media.patchSize),
                          "Side of the patches that a picture is cut into; each is one token.")
                        .unit("pixels")
                        .range(1, 64) // what checkFrontEnd (core/data/media/front_end.h) takes
                        .advanced());
    table.push_back(entry("media.image_stem", "Picture stem", group, "core/nn", PLACE(model.media.imageStem),
                          "What makes a vector of a patch: two small convolutions and a linear layer, which learn shapes "
                          "whatever their colour sooner; luma: those of brightness alone, with the colours beside them, "
                          "which tells them apart best; or the linear layer alone.")
                        .choices({"conv", "luma", "linear"})
                        .advanced());
    table.push_back(entry("media.audio_tokens", "Longest recording", group, "core/data",
                          PLACE(model.media.audioTokens),
                          "Tokens of the longest recording; each holds 4 frames of 12.5 ms.")
                        .unit("tokens")
                        .range(1, 65536)
                        .advanced());
}

void addContinual(std::vector<Entry> &table)
{
    const char *group = "Continual learning";
    const char *owner = "core/train";
    table.push_back(
        entry("continual.stages", "Further data", group, owner, PLACE(continual.stages),
              "Texts learned one after the other, behind the first one; steps are shared equally.")
            .advanced());
    table.push_back(
        entry("continual.strategy", "Against forgetting", group, owner, PLACE(continual.strategy),
              "What keeps earlier data alive: nothing, replay, replay held to kept logits or to the model of "
              "the stage before, a penalty on weights, or changes of the memory alone.")
            .choices({"naive", "er", "derpp", "rehearsal", "ewc", "sparse_memory"})
            .advanced());
    table.push_back(entry("continual.buffer_percent", "Replay buffer", group, owner,
                          PLACE(continual.bufferPercent),
                          "Share of each earlier text that is kept for replay.")
                        .unit("%")
                        .above(0, 100)
                        .advanced());
    table.push_back(entry("continual.replay_share", "Replayed sequences", group, owner,
                          PLACE(continual.replayShare),
                          "Share of a step's sequences that comes from the replay buffer.")
                        .below(0, 1)
                        .advanced());
    table.push_back(entry("continual.distill_weight", "Weight of kept logits", group, owner,
                          PLACE(continual.distillWeight),
                          "How strongly derpp and rehearsal hold the model to what it said of replayed text before.")
                        .range(0, 1000)
                        .advanced());
    table.push_back(entry("continual.ewc_lambda", "Weight penalty", group, owner, PLACE(continual.ewcLambda),
                          "How strongly ewc holds weights that earlier data need.")
                        .range(0, 1e9)
                        .advanced());
}

void addData(std::vector<Entry> &table)
{
    const char *group = "Data";
    const char *owner = "core/data";
    table.push_back(entry("data.path", "Data", group, owner, PLACE(data.path),
                          "File or folder to train on: text, source code, JSON lines, or a manifest with "
                          "pictures and recordings; or gen:shapes.")
                        .path());
    table.push_back(entry("data.tokenizer", "Tokenizer", group, owner, PLACE(data.tokenizer),
                          "How text becomes tokens: bytes needs no training; bpe is trained on the text and makes "
                          "fewer tokens of it; or a tokenizer.json.")
                        .choices({"bytes", "bpe"})
                        .advanced());
    table.push_back(entry("data.vocab_size", "Vocabulary", group, owner, PLACE(data.vocabSize),
                          "Number of token ids the model has room for; 0 takes what the tokenizer has, 8192 with bpe.")
                        .unit("tokens")
                        .range(0, 1048576)
                        .advanced());
    table.push_back(entry("data.special_tokens", "Special tokens", group, owner, PLACE(data.specialTokens),
                          "Ids behind the others for end of text, roles and infilling; none leaves 256 ids of bytes.")
                        .choices({"default", "none"})
                        .advanced());
    table.push_back(entry("data.val_fraction", "Validation share", group, owner, PLACE(data.valFraction),
                          "Share of the text that is kept from training and used to measure it.")
                        .range(0, 0.9));
}

void addTraining(std::vector<Entry> &table)
{
    const char *group = "Training";
    const char *owner = "core/train";
    table.push_back(entry("train.steps", "Steps", group, owner, PLACE(train.steps),
                          "Updates in all, also on resume; time grows in proportion.")
                        .unit("steps")
                        .range(1, kMaxSteps));
    table.push_back(entry("train.batch_size", "Batch size", group, owner, PLACE(train.batchSize),
                          "Sequences per micro-batch; memory grows in proportion.")
                        .unit("sequences")
                        .range(1, 65536));
    table.push_back(entry("train.accumulation", "Accumulation", group, owner, PLACE(train.accumulation),
                          "Micro-batches per update; a larger batch without more memory.")
                        .range(1, 65536)
                        .advanced());
    table.push_back(entry("train.dtype", "Precision", group, owner, PLACE(train.dtype),
                          "Number format of the matrix products; weights stay fp32.")
                        .choices({"fp32", "bf16"}));
    table.push_back(entry("train.report_every", "Report every", group, owner, PLACE(train.reportEvery),
                          "Steps between points of the curves.")
                        .unit("steps")
                        .range(1, kMaxSteps)
                        .live()
                        .advanced());
    table.push_back(entry("train.eval_every", "Evaluate every", group, owner, PLACE(train.evalEvery),
                          "Steps between measurements on the validation text.")
                        .unit("steps")
                        .range(1, kMaxSteps)
                        .live());
    table.push_back(entry("train.eval_tokens", "Evaluation size", group, owner, PLACE(train.evalTokens),
                          "Validation tokens per measurement at most; 0 takes all.")
                        .unit("tokens")
                        .range(0, 1e12)
                        .advanced());
    table.push_back(entry("train.checkpoint_every", "Checkpoint every", group, owner,
                          PLACE(train.checkpointEvery),
                          "Steps between checkpoints; what a crash can lose at most.")
                        .unit("steps")
                        .range(1, kMaxSteps)
                        .live());
    table.push_back(entry("train.keep_last", "Checkpoints to keep", group, owner, PLACE(train.keepLast),
                          "How many of the newest checkpoints stay on disk.")
                        .range(1, 1000)
                        .live()
                        .advanced());
    table.push_back(entry("train.keep_best", "Keep the best", group, owner, PLACE(train.keepBest),
                          "Also keeps the checkpoint with the lowest validation loss.")
                        .advanced());
    table.push_back(entry("train.patience", "Patience", group, owner, PLACE(train.patience),
                          "Stops after this many evaluations without a better validation loss; 0: never.")
                        .unit("evaluations")
                        .range(0, 1e6)
                        .live());
    table.push_back(entry("train.min_improvement", "Least improvement", group, owner,
                          PLACE(train.minImprovement),
                          "How much lower a validation loss must be to count as better.")
                        .unit("nats/token")
                        .range(0, 100)
                        .live()
                        .advanced());
}

void addObjective(std::vector<Entry> &table)
{
    const char *group = "Objective";
    const char *owner = "core/train";
    table.push_back(entry("objective.name", "Objective", group, owner, PLACE(objective.name),
                          "Learns to go on with a text; hybrid also to use both sides and to fill holes.")
                        .choices({"next_token", "hybrid"})
                        .extendedBy("Objective"));
    table.push_back(entry("objective.mix", "Objective mix", group, owner, PLACE(objective.mix),
                          "Weights of next-token, prefix and infilling sequences under hybrid.")
                        .range(0, 1e6)
                        .entries(3));
    table.push_back(entry("objective.span_mean", "Mean hole", group, owner, PLACE(objective.spanMean),
                          "Mean length of the holes to fill; 0 takes a quarter of the context.")
                        .unit("tokens")
                        .range(0, 1048576)
                        .advanced());
}

void addOptimizer(std::vector<Entry> &table)
{
    const char *group = "Optimizer";
    const char *owner = "core/train";
    table.push_back(entry("optimizer.name", "Optimizer", group, owner, PLACE(optimizer.name),
                          "Rule that turns gradients into updates; muon needs fewer steps than adamw, each of them dearer.")
                        .choices({"adamw", "muon"})
                        .extendedBy("Optimizer")
                        .advanced());
    table.push_back(entry("optimizer.lr", "Learning rate", group, owner, PLACE(optimizer.lr),
                          "Peak size of an update; too high diverges, too low learns slowly.")
                        .above(0, 10));
    table.push_back(entry("optimizer.weight_decay", "Weight decay", group, owner,
                          PLACE(optimizer.weightDecay),
                          "Pulls weights towards zero; norms and biases are left alone.")
                        .range(0, 10)
                        .live()
                        .advanced());
    table.push_back(entry("optimizer.betas", "Betas", group, owner, PLACE(optimizer.betas),
                          "Memory of the running means of gradient and squared gradient.")
                        .below(0, 1)
                        .entries(2)
                        .advanced());
    table.push_back(entry("optimizer.eps", "Epsilon", group, owner, PLACE(optimizer.eps),
                          "Keeps the update finite where gradients are tiny.")
                        .above(0, 1)
                        .advanced());
    table.push_back(entry("optimizer.clip", "Gradient clip", group, owner, PLACE(optimizer.clip),
                          "Largest gradient norm; longer gradients are scaled down, 0 switches it off.")
                        .range(0, 1e6)
                        .live()
                        .advanced());
}

void addSchedule(std::vector<Entry> &table)
{
    const char *group = "Schedule";
    const char *owner = "core/spec";
    table.push_back(
        entry("schedule.preset", "Schedule", group, owner, PLACE(schedule.preset),
              "Shape of the learning rate: four decaying waves over the run, the same at fixed steps, "
              "one cosine, or constant.")
            .choices({"scaled", "portfolio", "cosine", "constant"}));
    table.push_back(entry("schedule.warmup_steps", "Warm-up", group, owner, PLACE(schedule.warmupSteps),
                          "Steps in which the learning rate rises to its peak; -1: by the schedule.")
                        .unit("steps")
                        .range(-1, kMaxSteps)
                        .advanced());
    table.push_back(entry("schedule.cycle_steps", "Cycle", group, owner, PLACE(schedule.cycleSteps),
                          "Length of one wave; -1: by the schedule.")
                        .unit("steps")
                        .range(-1, kMaxSteps)
                        .advanced());
    table.push_back(entry("schedule.decay", "Decay per cycle", group, owner, PLACE(schedule.decay),
                          "Each wave's peak as a share of the one before.")
                        .above(0, 1)
                        .advanced());
    table.push_back(entry("schedule.min_ratio", "Floor", group, owner, PLACE(schedule.minRatio),
                          "Each wave falls to this share of its own peak.")
                        .range(0, 1)
                        .advanced());
    table.push_back(
        entry("schedule.total_steps", "Horizon", group, owner, PLACE(schedule.totalSteps),
              "Steps over which the schedule is stretched; 0 takes the run's steps when it is made.")
            .unit("steps")
            .range(0, kMaxSteps)
            .advanced());
}

void addRest(std::vector<Entry> &table)
{
    const char *group = "Probes";
    const char *owner = "core/train";
    table.push_back(entry("probes.prompts", "Sample prompts", group, owner, PLACE(probes.prompts),
                          "The model continues these while it trains, so that progress can be read.")
                        .live());
    table.push_back(entry("probes.every", "Sample every", group, owner, PLACE(probes.every),
                          "Steps between samples; 0 draws none.")
                        .unit("steps")
                        .range(0, kMaxSteps)
                        .live());
    table.push_back(entry("probes.max_tokens", "Sample length", group, owner, PLACE(probes.maxTokens),
                          "Tokens per sample.")
                        .unit("tokens")
                        .range(1, 4096)
                        .live()
                        .advanced());
    table.push_back(entry("probes.budget_percent", "Probe budget", group, owner, PLACE(probes.budgetPercent),
                          "Share of the training time that looking inside may take.")
                        .unit("%")
                        .range(0, 100)
                        .advanced());
    table.push_back(entry("probes.frames_every", "Attention frames every", group, owner,
                          PLACE(probes.framesEvery),
                          "Steps between kept pictures of what each head looks at in the sample prompts; 0 "
                          "keeps none. Fewer are kept where the probe budget does not allow more.")
                        .unit("steps")
                        .range(0, kMaxSteps)
                        .live());
    table.push_back(entry("probes.overview_every", "Overview frames every", group, owner,
                          PLACE(probes.overviewEvery),
                          "Steps between kept pictures of all heads; -1: automatic, which is one for every five of the starred "
                          "heads or, where no head is starred, all of them; 0: with the starred heads.")
                        .unit("steps")
                        .range(-1, kMaxSteps)
                        .live()
                        .advanced());
    table.push_back(entry("probes.starred", "Starred heads", group, owner, PLACE(probes.starred),
                          "Heads whose pictures are kept with more detail, as layer.head, counted from 0.")
                        .live()
                        .advanced());
    table.push_back(entry("probes.frames_megabytes", "Room for frames", group, owner,
                          PLACE(probes.framesMegabytes),
                          "Disk space of all kept pictures; when it is full, every second of the oldest goes.")
                        .unit("MB")
                        .range(1, 1'000'000)
                        .advanced());
    table.push_back(entry("device", "Device", "Machine", "core/nn", PLACE(device),
                          "Where the training computes; cuda needs an NVIDIA GPU.")
                        .choices({"cpu", "cuda"}));
    table.push_back(
        entry("threads", "Threads", "Machine", "app/worker", PLACE(threads),
              "Processor threads of the training; 0 leaves one core to the desktop, none otherwise.")
            .range(0, 1024)
            .advanced());
    table.push_back(
        entry("seed", "Seed", "Machine", "core/base", PLACE(seed),
              "Start of all randomness; the same seed repeats a run to the bit on the same machine.")
            .range(0, kMaxExactInteger));
}

#undef PLACE

std::vector<Field> makeTable()
{
    std::vector<Entry> table;
    table.push_back(entry(
        "name", "Name", "Data", "core/store", [](auto &spec) -> auto & { return spec.name; },
        "Shown in the list of runs; made from data and preset when empty."));
    addModel(table);
    addModalities(table);
    addData(table);
    addTraining(table);
    addObjective(table);
    addContinual(table);
    addOptimizer(table);
    addSchedule(table);
    addRest(table);
    std::vector<Field> fields;
    for (Entry &made : table) fields.push_back(std::move(made.field));
    return fields;
}

} // namespace

std::span<const Field> specFields()
{
    static const std::vector<Field> table = makeTable();
    return table;
}

const Field &learningRateFactorField()
{
    static const Field field = [] {
        Field made;
        made.key = kLearningRateFactorKey;
        made.label = "Learning rate factor";
        made.group = "Optimizer";
        made.type = FieldType::Real;
        made.effect = "Multiplies the schedule's learning rate from the next step on.";
        made.owner = "core/train";
        made.minimum = 0;
        made.minimumExclusive = true;
        made.maximum = 100;
        made.change = FieldChange::WhileRunning;
        made.get = [](const RunSpec &) { return FieldValue(1.0); };
        made.set = [](RunSpec &, FieldValue) {};
        return made;
    }();
    return field;
}

Result<const Field *> requireChangeableField(std::string_view key)
{
    if (key == kLearningRateFactorKey) return &learningRateFactorField();
    const bool isOfPlugin = key.starts_with("plugins."); // a table without plugins does not know it
    const Field *field = nullptr;
    if (!isOfPlugin) {
        ORRERY_ASSIGN(field, requireField(key));
        if (field->change == FieldChange::WhileRunning) return field;
    }
    std::string changeable = kLearningRateFactorKey;
    for (const Field &other : specFields())
        if (other.change == FieldChange::WhileRunning) changeable += ", " + other.key;
    return Error{ErrorCode::InvalidInput,
                 "Cannot change \"" + (field ? field->key : sanitizeUtf8(key.substr(0, 80))) +
                     "\" of a run: it is frozen, expected one of " + changeable + ".",
                 "Start a new run with the other value."};
}

} // namespace orrery
