// SPDX-License-Identifier: Apache-2.0
#include "core/spec/spec_rules.h"
#include "core/spec/data_defaults.h"
#include "core/spec/estimate.h"
#include "core/spec/field_table.h"
#include "core/spec/field_values.h"
#include "core/spec/model_shape.h"
#include "core/spec/objective_mix.h"
#include "core/spec/plugin_rules.h"
#include "core/spec/plugin_use.h"
#include "core/spec/schedule.h"

#include <algorithm>
#include <cstdlib>

namespace orrery {

namespace {

constexpr int64_t kMaxCells = 64; ///< patches a side, as checkFrontEnd (core/data/media/front_end.h) has it
constexpr int64_t kTextBesideMedia = 16;
constexpr const char *kShareAllSteps = "Set schedule.total_steps to 0, so that the stages share train.steps.";

class Problems {
public:
    Problems(const RunSpec &spec, const FieldTable &table) : m_spec(spec), m_table(table) {}

    void add(const std::string &key, const std::string &found, const std::string &expected,
             const std::string &hint)
    {
        m_list.push_back(
            {key,
             Error{ErrorCode::InvalidInput,
                   "Cannot set \"" + key + "\": found " + found + ", expected " + expected + ".", hint}});
    }
    /// Rules between fields only make sense where each of them is good alone.
    [[nodiscard]] bool areGood(std::initializer_list<const char *> keys) const
    {
        return std::none_of(m_list.begin(), m_list.end(), [&](const FieldProblem &problem) {
            return std::find(keys.begin(), keys.end(), problem.key) != keys.end();
        });
    }

    void checkFields()
    {
        for (const Field &field : m_table.fields())
            if (auto result = checkFieldValue(field, field.get(m_spec)); !result.ok())
                m_list.push_back({field.key, std::move(result).error()});
    }
    void checkModel();
    void checkHeads();
    void checkRope();
    void checkSchedule();
    void checkData();
    void checkObjective();
    void checkModalities();
    void checkPictures();
    void checkContinual();
    void checkPlugins();
    void checkWhatIsNew();

    std::vector<FieldProblem> take() { return std::move(m_list); }

private:
    const RunSpec &m_spec;
    const FieldTable &m_table;
    std::vector<FieldProblem> m_list;
};

/// The divisor of width nearest to heads whose head width suits.
int64_t nearestHeads(const ModelSpec &model)
{
    int64_t best = 1;
    for (int64_t heads = 1; heads <= std::min<int64_t>(model.width, 1024); ++heads) {
        if (model.width % heads != 0 || (model.position == "rope" && (model.width / heads) % 2 != 0))
            continue;
        if (std::abs(heads - model.heads) < std::abs(best - model.heads)) best = heads;
    }
    return best;
}

void Problems::checkModel()
{
    const ModelSpec &model = m_spec.model;
    if (!areGood({"model.heads", "model.width", "model.head_dim", "model.kv_heads"})) return;
    if (model.headDim > 0 || model.kvHeads > 0) checkHeads();
    if (model.headDim > 0) return;
    const std::string hint = model.position == "rope" && model.width % 2 != 0
                                 ? "Set model.width to an even number."
                                 : "Set model.heads to " + std::to_string(nearestHeads(model)) + ".";
    if (model.width % model.heads != 0)
        add("model.heads",
            std::to_string(model.heads) + " heads for a width of " + std::to_string(model.width),
            "a number that divides the width", hint);
    else if (model.position == "rope" && (model.width / model.heads) % 2 != 0)
        add("model.heads",
            std::to_string(model.heads) + " heads of width " + std::to_string(model.width / model.heads),
            "an even head width, as rope turns pairs", hint);
}

/// Heads that are not the width shared out, or that share keys and values.
void Problems::checkHeads()
{
    const ModelSpec &model = m_spec.model;
    if (model.position == "rope" && model.headDim % 2 != 0)
        add("model.head_dim", std::to_string(model.headDim), "an even number, as rope turns pairs",
            "Set model.head_dim to " + std::to_string(model.headDim + 1) + ".");
    if (model.kvHeads > 0 && model.heads % model.kvHeads != 0) {
        int64_t nearest = 1;
        for (int64_t heads = 1; heads <= model.heads; ++heads)
            if (model.heads % heads == 0 &&
                std::abs(heads - model.kvHeads) < std::abs(nearest - model.kvHeads))
                nearest = heads;
        add("model.kv_heads",
            std::to_string(model.kvHeads) + " heads of keys and values for " + std::to_string(model.heads) +
                " of queries",
            "0 or a number that divides them", "Set model.kv_heads to " + std::to_string(nearest) + ".");
    }
    const bool isOwn = model.attention.numModalities > 1 && model.attention.isSeparate;
    if (!isOwn || !areGood({"attention.num_modalities"})) return;
    const std::string several =
        " beside attention.num_modalities " + std::to_string(model.attention.numModalities);
    const std::string expected = "0, as modalities with weights of their own have heads of one kind";
    if (model.headDim > 0)
        add("model.head_dim", std::to_string(model.headDim) + several, expected,
            "Set model.head_dim to 0, or attention.separate to false.");
    if (keyHeads(model) != model.heads)
        add("model.kv_heads", std::to_string(model.kvHeads) + several, expected,
            "Set model.kv_heads to 0, or attention.separate to false.");
}

void Problems::checkRope()
{
    const RopeScaling &scaling = m_spec.model.ropeScaling;
    if (!areGood({"model.rope_factor", "model.rope_low_factor", "model.rope_high_factor"})) return;
    if (scaling.factor != 1 && scaling.highFactor <= scaling.lowFactor)
        add("model.rope_high_factor", fieldValueText(scaling.highFactor),
            "more than model.rope_low_factor " + fieldValueText(scaling.lowFactor),
            "Set model.rope_low_factor to 1 and model.rope_high_factor to 4.");
}

void Problems::checkSchedule()
{
    const ScheduleSpec &schedule = m_spec.schedule;
    if (!areGood({"schedule.warmup_steps", "schedule.cycle_steps", "schedule.total_steps", "train.steps"}))
        return;
    const int64_t horizon = schedule.totalSteps > 0 ? schedule.totalSteps : m_spec.train.steps;
    if (schedule.warmupSteps >= std::max<int64_t>(horizon, 1))
        add("schedule.warmup_steps",
            std::to_string(schedule.warmupSteps) + " steps of warm-up in a run of " + std::to_string(horizon),
            "fewer than the run has", "Set fewer steps of warm-up, or -1 to go by the schedule.");
    if (schedule.cycleSteps == 0)
        add("schedule.cycle_steps", "0", "-1 or at least 1",
            "Set schedule.cycle_steps to -1 to go by the schedule.");
    else if (schedule.cycleSteps > 0 && schedule.preset != "scaled" && schedule.preset != "portfolio")
        add("schedule.cycle_steps",
            std::to_string(schedule.cycleSteps) + " with the schedule \"" + schedule.preset + "\"",
            "-1, as this schedule has no cycles",
            "Set schedule.preset to scaled or portfolio, or leave cycle_steps out.");
    else if (schedule.cycleSteps > 0 && schedule.preset == "scaled") {
        const int64_t warmup = resolveSchedule(schedule, m_spec.train.steps).warmupSteps;
        if (schedule.cycleSteps > std::max<int64_t>(horizon - warmup, 1))
            add("schedule.cycle_steps",
                std::to_string(schedule.cycleSteps) + " steps after " + std::to_string(warmup) +
                    " of warm-up in a run of " + std::to_string(horizon),
                "at least one whole cycle", "Set a shorter cycle, or -1 to go by the schedule.");
    }
}

void Problems::checkData()
{
    const DataSpec &data = m_spec.data;
    if (areGood({"data.vocab_size", "data.tokenizer", "data.special_tokens"}) && data.vocabSize > 0) {
        DataSpec plain = data;
        plain.vocabSize = 0;
        plain.tokenizer = "bytes";
        const int64_t needed = byteVocabSize(plain);
        if ((data.tokenizer == "bytes" || data.tokenizer == "bpe") && data.vocabSize < needed)
            add("data.vocab_size", std::to_string(data.vocabSize),
                "0, or at least the tokenizer's " + std::to_string(needed),
                "Set data.vocab_size to 0, or data.special_tokens to none for 256.");
    }
    if (areGood({"train.eval_tokens", "model.context"}) && m_spec.train.evalTokens > 0 &&
        m_spec.train.evalTokens < m_spec.model.context)
        add("train.eval_tokens",
            std::to_string(m_spec.train.evalTokens) + " tokens, less than one context of " +
                std::to_string(m_spec.model.context),
            "0 or at least one context", "Set train.eval_tokens to 0 to use the whole validation text.");
}

void Problems::checkObjective()
{
    const ObjectiveSpec &objective = m_spec.objective;
    if (!areGood({"objective.name", "objective.mix", "objective.span_mean"})) return;
    if (std::all_of(objective.mix.begin(), objective.mix.end(), [](double weight) { return weight == 0; }))
        return add("objective.mix", "weights of 0 only", "one above 0",
                   "For example: objective.mix = " + fieldValueText(ObjectiveSpec{}.mix));
    if (objectiveShares(objective).infill <= 0) return;
    const std::string weight = fieldValueText(objective.mix[2]);
    const std::string without =
        "set the third weight of objective.mix to 0, or objective.name to next_token.";
    if (areGood({"data.special_tokens"}) && m_spec.data.specialTokens == "none")
        add("data.special_tokens", "none beside a weight of " + weight + " for infilling in objective.mix",
            "default, as the marks of a hole are special tokens",
            "Set data.special_tokens to default; or " + without);
    if (!areGood({"model.context"})) return;
    const int64_t context = m_spec.model.context;
    if (context < kMinInfillContext)
        return add("model.context",
                   std::to_string(context) + " tokens beside a weight of " + weight +
                       " for infilling in objective.mix",
                   "at least " + std::to_string(kMinInfillContext) + ", for a hole and its marks",
                   "Set a longer context; or " + without);
    if (meanSpan(objective, context) > largestMeanSpan(context))
        add("objective.span_mean",
            std::to_string(objective.spanMean) + " tokens in a context of " + std::to_string(context),
            "at most " + std::to_string(largestMeanSpan(context)) +
                ", as holes are up to twice as long and stand between marks",
            "Set objective.span_mean to 0 to go by the context.");
}

/// What several modalities ask of the other settings.
void Problems::checkModalities()
{
    const int64_t count = m_spec.model.attention.numModalities;
    if (!areGood({"attention.num_modalities"})) return;
    if (count == 1) {
        const auto &stages = m_spec.continual.stages;
        const auto world = std::find_if(stages.begin(), stages.end(), isPictureWorld);
        if (world != stages.end())
            add("continual.stages", "\"" + *world + "\", which has pictures and recordings", "texts",
                "Take it out of continual.stages; data of pictures and recordings are learned by a run of their own.");
        if (isPictureWorld(m_spec.data.path))
            add("attention.num_modalities", "1 beside data of pictures and recordings, \"gen:shapes\"",
                "2 (pictures) or 3 (recordings too)", "Set attention.num_modalities to 3, or choose a text.");
        return;
    }
    const std::string several = " beside attention.num_modalities " + std::to_string(count);
    if (areGood({"objective.name"}) && m_spec.objective.name != "next_token")
        add("objective.name", m_spec.objective.name + several,
            "next_token, as other objectives move tokens and know text only",
            "Set objective.name to next_token, or attention.num_modalities to 1.");
    if (areGood({"data.special_tokens"}) && m_spec.data.specialTokens == "none")
        add("data.special_tokens", "none" + several,
            "default, as pictures and recordings begin with special tokens",
            "Set data.special_tokens to default.");
    if (areGood({"continual.stages"}) && m_spec.continual.isOn())
        add("continual.stages", std::to_string(m_spec.continual.stages.size()) + " further data" + several,
            "none, as stages are of text", "Leave continual.stages out.");
    checkPictures();
}

void Problems::checkPictures()
{
    const MediaSpec &media = m_spec.model.media;
    if (!areGood({"media.image_size", "media.patch_size", "media.audio_tokens", "model.context"})) return;
    if (media.imageSize % media.patchSize != 0) {
        const auto largest = static_cast<int64_t>(findField("media.patch_size")->maximum);
        int64_t divisor = 1;
        for (int64_t size = 1; size <= std::min(largest, media.imageSize); ++size)
            if (media.imageSize % size == 0 &&
                std::abs(size - media.patchSize) <= std::abs(divisor - media.patchSize))
                divisor = size;
        return add("media.patch_size",
                   std::to_string(media.patchSize) + " pixels in pictures of " +
                       std::to_string(media.imageSize),
                   "a number that divides media.image_size",
                   "Set media.patch_size to " + std::to_string(divisor) + ".");
    }
    const int64_t cells = media.imageSize / media.patchSize;
    if (cells > kMaxCells)
        return add("media.patch_size",
                   std::to_string(media.patchSize) + " pixels in pictures of " +
                       std::to_string(media.imageSize) + ", " + std::to_string(cells) + " patches a side",
                   "at most " + std::to_string(kMaxCells) + " a side",
                   "Set a larger media.patch_size, or a smaller media.image_size.");
    const int64_t context = m_spec.model.context;
    if (const int64_t needed = cells * cells + 1 + kTextBesideMedia; context < needed)
        return add(
            "model.context",
            std::to_string(context) + " tokens for pictures of " + std::to_string(cells * cells) + " patches",
            "at least " + std::to_string(needed) + ": a picture, its start and some text",
            "Set model.context to " + std::to_string(needed) + " or more, or a smaller media.image_size.");
    if (const int64_t needed = media.audioTokens + 1 + kTextBesideMedia;
        m_spec.model.attention.numModalities > 2 && context < needed)
        add("model.context",
            std::to_string(context) + " tokens for recordings of " + std::to_string(media.audioTokens),
            "at least " + std::to_string(needed) + ": a recording, its start and some text",
            "Set model.context to " + std::to_string(needed) + " or more, or a smaller media.audio_tokens.");
}

void Problems::checkContinual()
{
    const ContinualSpec &continual = m_spec.continual;
    if (!continual.isOn() ||
        !areGood({"continual.stages", "continual.strategy", "train.steps", "schedule.total_steps"}))
        return;
    for (const std::string &stage : continual.stages)
        if (stage.empty())
            return add("continual.stages", "an empty path", "files or folders",
                       "Take the empty entry out, or name a text.");
    const auto numStages = static_cast<int64_t>(continual.stages.size()) + 1;
    if (m_spec.train.steps < numStages)
        add("train.steps",
            std::to_string(m_spec.train.steps) + (m_spec.train.steps == 1 ? " step for " : " steps for ") + std::to_string(numStages) + " stages",
            "one step a stage at least", "Set more steps or fewer continual.stages.");
    else if (const int64_t horizon = m_spec.schedule.totalSteps; horizon > 0 && horizon < numStages)
        add("schedule.total_steps",
            std::to_string(horizon) + (horizon == 1 ? " step that " : " steps that ") +
                std::to_string(numStages) + " stages share",
            "one step a stage at least", kShareAllSteps);
    if (continual.strategy == "derpp" && areGood({"objective.name"}) && m_spec.objective.name != "next_token")
        add("continual.strategy", "derpp beside the objective " + m_spec.objective.name,
            "next_token, whose logits can be kept",
            "Set objective.name to next_token, or continual.strategy to er.");
}

void Problems::checkPlugins()
{
    // A name of a plugin that cannot be used is no choice: its field has said why.
    for (FieldProblem &problem : findPluginProblems(m_spec, m_table))
        if (areGood({problem.key.c_str()})) m_list.push_back(std::move(problem));
}

/// Rules that came when runs that break them were there: what they train is what they always trained.
void Problems::checkWhatIsNew()
{
    const ModelSpec &model = m_spec.model;
    if (m_spec.objective.name == "hybrid" && model.mask != "causal" && areGood({"objective.name", "model.mask"}))
        add("model.mask", model.mask + " beside objective.name hybrid",
            "causal, as the hybrid objective has a mask of its own",
            "Set model.mask to causal, or objective.name to next_token.");
    const int64_t count = model.attention.numModalities;
    if (count > 1 && model.attention.isSeparate && model.block != "reference" &&
        areGood({"attention.num_modalities", "model.block"}))
        add("model.block", model.block + " beside attention.num_modalities " + std::to_string(count),
            "reference, as modalities with weights of their own have blocks of their own",
            "Set model.block to reference, or attention.separate to false.");
    if (const int64_t horizon = m_spec.schedule.totalSteps, steps = m_spec.train.steps;
        m_spec.continual.isOn() && areGood({"continual.stages", "schedule.total_steps", "train.steps"})) {
        const auto numBefore = static_cast<int64_t>(m_spec.continual.stages.size());
        if (const int64_t begin = horizon * numBefore / (numBefore + 1); horizon > 0 && begin >= steps)
            add("schedule.total_steps",
                std::to_string(horizon) + " steps that " + std::to_string(numBefore + 1) +
                    " stages share in a run of " + std::to_string(steps) +
                    ", so that the last begins with step " + std::to_string(begin),
                "a stage that begins before the run ends", kShareAllSteps);
    }
    if (m_spec.continual.isOn() && m_spec.train.patience > 0 && areGood({"continual.stages", "train.patience"}))
        add("train.patience", std::to_string(m_spec.train.patience) + " evaluations beside continual.stages",
            "0, as each text has other losses", "Set train.patience to 0, or leave continual.stages out.");
    if (!m_spec.continual.isOn() && m_spec.continual.strategy != "naive" &&
        areGood({"continual.stages", "continual.strategy"}))
        add("continual.strategy", m_spec.continual.strategy + " without continual.stages",
            "naive where there is one text, as nothing comes before it that could be forgotten",
            "Name the texts that come next in continual.stages, or set continual.strategy to naive.");
    for (const std::string &id : pluginsUsedBy(m_spec, m_table)) {
        const PluginInfo *plugin = m_table.findPlugin(id);
        if (!plugin || !plugin->isUsable()) continue;
        for (FieldProblem &problem : findBrokenRules(*plugin, m_spec, RuleKind::NewRunsOnly))
            if (areGood({problem.key.c_str()})) m_list.push_back(std::move(problem));
    }
}

/// The strategy that changes a semantic memory alone, beside plugins that have none or where it is off. A plugin that
/// is not known well enough may have one: the trainer looks at the model itself.
bool lacksSemanticMemory(const RunSpec &spec, const FieldTable &table)
{
    if (!spec.continual.isOn() || spec.continual.strategy != "sparse_memory") return false;
    const auto used = pluginsUsedBy(spec, table);
    return std::all_of(used.begin(), used.end(), [&](const std::string &id) {
        const Field *size = table.find("plugins." + id + ".semantic_size");
        if (!size) return false;
        const FieldValue value = size->get(spec);
        const auto *number = std::get_if<int64_t>(&value);
        return number && *number == 0;
    });
}

Problems contradictionsOf(const RunSpec &spec, const FieldTable &table)
{
    Problems problems(spec, table);
    problems.checkFields();
    problems.checkModel();
    problems.checkRope();
    problems.checkSchedule();
    problems.checkData();
    problems.checkObjective();
    problems.checkModalities();
    problems.checkContinual();
    problems.checkPlugins();
    return problems;
}

} // namespace

std::vector<FieldProblem> findContradictions(const RunSpec &spec, const FieldTable &table)
{
    return contradictionsOf(spec, table).take();
}

std::vector<FieldProblem> findProblems(const RunSpec &spec, const FieldTable &table)
{
    Problems found = contradictionsOf(spec, table);
    found.checkWhatIsNew();
    auto problems = found.take();
    if (lacksSemanticMemory(spec, table))
        problems.push_back(
            {"continual.strategy",
             Error{ErrorCode::InvalidInput,
                   "Cannot set \"continual.strategy\": found sparse_memory beside a model without a semantic "
                   "memory, expected one, as only its values change behind the first text.",
                   "Add \"memory\" to plugins.use and set plugins.memory.semantic_size, for example to 4096; "
                   "or set continual.strategy to er."}});
    if (spec.data.path.empty())
        problems.push_back(
            {"data.path", Error{ErrorCode::InvalidInput,
                                "Cannot set \"data.path\": found nothing, expected a file or folder.",
                                "Choose the data to train on (--data PATH)."}});
    return problems;
}

Result<void> validateSpec(const RunSpec &spec, const FieldTable &table)
{
    auto problems = findProblems(spec, table);
    if (problems.empty()) return {};
    return std::move(problems.front().error);
}

std::vector<FieldProblem> findProblems(const RunSpec &spec)
{
    return findProblems(spec, *FieldTable::describedBy(spec));
}

Result<void> validateSpec(const RunSpec &spec) { return validateSpec(spec, *FieldTable::describedBy(spec)); }

} // namespace orrery
