// SPDX-License-Identifier: Apache-2.0
// Axes: T tokens, N slots, C width, R of the slots that may change.
#include "plugins/memory/engine/consolidation.h"

#include "core/base/assert.h"
#include "core/base/text.h"
#include "core/nn/attention_tap.h"
#include "core/nn/torch_guard.h"

#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace orrery::memory {

namespace {

nn::Parameter *findValues(nn::Transformer &model)
{
    for (nn::Parameter &parameter : model.parameters())
        if (parameter.name.ends_with("memory.semantic.values")) return &parameter;
    return nullptr;
}

Error noSemanticMemory()
{
    return Error{ErrorCode::NotFound, "Cannot consolidate: the model has no semantic memory, expected a model with one.",
                 "Train it with plugins.memory.semantic_size above 0."};
}

/// Rows of the table of values.
int64_t numSlotsOf(const nn::Parameter &values) { return values.master.size(0) * values.master.size(1); }

Error cancelledError() { return {ErrorCode::Cancelled, "Cannot finish consolidating: it was cancelled.", ""}; }

/// @param of what is no finite number any more  @param found what it is in its place
Error divergedError(const std::string &of, const std::string &found, double rate)
{
    return {ErrorCode::InvalidInput,
            "Cannot consolidate: with a rate of " + formatSignificant(rate, 4) + ' ' + of + " became " +
                found + ", expected a finite number.",
            "Nothing was changed. Give a lower --rate; 1 is as usual."};
}

/// What the semantic memory was, to put it back.
class ValuesBefore {
public:
    ValuesBefore(nn::Transformer &model, nn::Parameter &values)
        : m_model(model), m_values(values), m_before(values.master.detach().clone())
    {
    }
    void restore()
    {
        const at::NoGradGuard noGrad;
        m_values.master.copy_(m_before);
        m_model.mastersChanged();
    }

private:
    nn::Transformer &m_model;
    nn::Parameter &m_values;
    at::Tensor m_before;
};

bool isText(const std::vector<int32_t> &text) { return text.size() >= 2; }

constexpr size_t kMostMeasured = 64; ///< texts of the background whose loss is told

std::vector<std::vector<int32_t>> spreadOver(const std::vector<std::vector<int32_t>> &texts, size_t count)
{
    std::vector<std::vector<int32_t>> some;
    const size_t numTaken = std::min(texts.size(), count);
    for (size_t i = 0; i < numTaken; ++i) some.push_back(texts[i * texts.size() / numTaken]);
    return some;
}

/// What a pass reads of a text: inputs from `begin` on, and a target behind each of them.
struct Window {
    at::Tensor ids_1T, targets_1T;
    [[nodiscard]] int64_t numTargets() const { return ids_1T.size(1); }
};

constexpr double kReplayWeight = 3; ///< of a replayed window; docs/benchmarks.md, `consolidation`

/// A text from its start, a context at a time; each token but the first is a target once.
std::vector<Window> windowsOf(const std::vector<int32_t> &text, int64_t context, at::Device device)
{
    std::vector<Window> windows;
    if (!isText(text)) return windows;
    const at::Tensor ids = at::tensor(text, at::kLong).to(device).unsqueeze(0);
    const int64_t numTargets = ids.size(1) - 1;
    for (int64_t begin = 0; begin < numTargets; begin += context) {
        const int64_t length = std::min(context, numTargets - begin);
        windows.push_back({ids.narrow(1, begin, length), ids.narrow(1, begin + 1, length)});
    }
    return windows;
}

std::vector<Window> windowsOf(const std::vector<std::vector<int32_t>> &texts, int64_t context, at::Device device)
{
    std::vector<Window> all;
    for (const auto &text : texts)
        for (Window &window : windowsOf(text, context, device)) all.push_back(std::move(window));
    return all;
}

/// Counts what passes read of the semantic memory.
class ReadCounter final : public nn::AttentionTap {
public:
    explicit ReadCounter(int64_t numSlots) : m_numReads_N(at::zeros({numSlots}, at::kLong)) {}
    void look(const nn::AttentionLook &) override {}
    void read(const nn::SourceLook &look) override
    {
        if (look.memory != "semantic") return;
        const at::Tensor slots = look.slots_BHTK.reshape(-1).to(at::kCPU, at::kLong);
        m_numReads_N += at::bincount(slots, {}, m_numReads_N.size(0));
    }
    [[nodiscard]] const at::Tensor &numReads_N() const { return m_numReads_N; }

private:
    at::Tensor m_numReads_N;
};

std::vector<int64_t> numbersOf(const at::Tensor &x_N)
{
    return {x_N.data_ptr<int64_t>(), x_N.data_ptr<int64_t>() + x_N.numel()};
}

/// Mean loss of a window; its gradient in the values alone. @return [N, C]
std::pair<double, at::Tensor> lossAndGradient(nn::Transformer &model, const nn::Parameter &values,
                                              const Window &window)
{
    const at::Tensor loss = model.loss(window.ids_1T, window.targets_1T, {}, {});
    const auto gradient = torch::autograd::grad({loss}, {values.master}, {}, false, false, true).front();
    const at::Tensor found = gradient.defined() ? gradient : at::zeros_like(values.master);
    return {loss.item<double>(), found.reshape({numSlotsOf(values), -1})};
}

/// Nats per token over all windows; NaN without any, or when it was cancelled.
double meanLoss(nn::Transformer &model, const std::vector<Window> &windows, const std::atomic<bool> &cancel)
{
    const at::NoGradGuard noGrad;
    double sum = 0;
    int64_t numTargets = 0;
    for (const Window &window : windows) {
        if (cancel.load(std::memory_order_relaxed)) return std::numeric_limits<double>::quiet_NaN();
        sum += model.loss(window.ids_1T, window.targets_1T, {}, {}).item<double>() * static_cast<double>(window.numTargets());
        numTargets += window.numTargets();
    }
    return sum / static_cast<double>(numTargets);
}

/// Adam over some rows of the values, its step measured by the size of what stands in the table: gradients
/// of one slot are as small as its share in what a token reads.
class RowUpdate {
public:
    RowUpdate(nn::Parameter &values, at::Tensor rows_R, double rate)
        : m_values_NC(values.master.detach().view({numSlotsOf(values), -1})), m_rows_R(std::move(rows_R))
    {
        const double size = m_values_NC.square().mean().sqrt().item<double>();
        m_step = rate * (size > 0 ? size : 1 / std::sqrt(static_cast<double>(m_values_NC.size(1))));
        m_mean_RC = at::zeros({m_rows_R.size(0), m_values_NC.size(1)}, m_values_NC.options());
        m_square_RC = at::zeros_like(m_mean_RC);
    }
    void apply(const at::Tensor &gradient_NC)
    {
        const at::Tensor gradient_RC = gradient_NC.index_select(0, m_rows_R);
        ++m_count;
        m_mean_RC.mul_(kMeanDecay).add_(gradient_RC, 1 - kMeanDecay);
        m_square_RC.mul_(kSquareDecay).addcmul_(gradient_RC, gradient_RC, 1 - kSquareDecay);
        const at::Tensor size_RC =
            (m_square_RC / (1 - std::pow(kSquareDecay, m_count))).sqrt_().add_(kEpsilon);
        m_values_NC.index_add_(0, m_rows_R, m_mean_RC / size_RC,
                               -m_step / (1 - std::pow(kMeanDecay, m_count)));
    }

    [[nodiscard]] bool isFinite() const
    {
        return m_values_NC.index_select(0, m_rows_R).isfinite().all().item<bool>();
    }

private:
    static constexpr double kMeanDecay = 0.9, kSquareDecay = 0.99, kEpsilon = 1e-12;
    at::Tensor m_values_NC, m_rows_R, m_mean_RC, m_square_RC;
    double m_step = 0;
    double m_count = 0;
};

} // namespace

std::vector<int64_t> chooseSlots(std::span<const int64_t> counts, const SlotBackground &background,
                                 int64_t count)
{
    ORRERY_ASSERT(counts.size() == background.numTextsWith.size());
    const auto total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
    std::vector<std::pair<double, int64_t>> scored;
    for (size_t i = 0; i < counts.size(); ++i) {
        if (counts[i] <= 0) continue;
        const double rarity = std::log(static_cast<double>(background.numTexts + 1) /
                                       static_cast<double>(background.numTextsWith[i] + 1));
        const double score = static_cast<double>(counts[i]) / total * rarity;
        if (score > 0) scored.emplace_back(-score, static_cast<int64_t>(i));
    }
    std::sort(scored.begin(), scored.end());
    scored.resize(std::min<size_t>(scored.size(), static_cast<size_t>(std::max<int64_t>(0, count))));
    std::vector<int64_t> slots;
    for (const auto &[score, slot] : scored) slots.push_back(slot);
    std::sort(slots.begin(), slots.end());
    return slots;
}

Result<SlotBackground> countReads(nn::Transformer &model, const std::vector<std::vector<int32_t>> &texts,
                                  const CountWatch &watch)
{
    nn::Parameter *values = findValues(model);
    if (!values) return noSemanticMemory();
    return nn::guardTorch("count what texts read", [&]() -> Result<SlotBackground> {
        const at::NoGradGuard noGrad;
        SlotBackground counted;
        at::Tensor numTexts_N = at::zeros({numSlotsOf(*values)}, at::kLong);
        at::Tensor numReads_N = at::zeros_like(numTexts_N);
        const auto tell = [&](size_t numDone) {
            if (watch.onText && !texts.empty()) watch.onText(static_cast<int64_t>(numDone), std::ssize(texts));
        };
        for (size_t i = 0; i < texts.size(); ++i) {
            if (watch.cancel && watch.cancel->load(std::memory_order_relaxed)) return cancelledError();
            tell(i);
            const auto &text = texts[i];
            if (!isText(text)) continue;
            ReadCounter counter(numSlotsOf(*values));
            nn::ForwardContext looking;
            looking.tap = &counter;
            for (const Window &window : windowsOf(text, model.spec().context, values->master.device()))
                (void)model.hidden(window.ids_1T, looking);
            numTexts_N += (counter.numReads_N() > 0).to(at::kLong);
            numReads_N += counter.numReads_N();
            ++counted.numTexts;
        }
        tell(texts.size());
        counted.numTextsWith = numbersOf(numTexts_N);
        counted.numReads = numbersOf(numReads_N);
        return counted;
    });
}

Result<Consolidation> consolidate(nn::Transformer &model, const std::vector<std::vector<int32_t>> &texts,
                                  const SlotBackground &background, const ConsolidationSettings &settings,
                                  const std::atomic<bool> *cancel,
                                  const std::vector<std::vector<int32_t>> &replayed)
{
    nn::Parameter *values = findValues(model);
    if (!values) return noSemanticMemory();
    if (std::none_of(texts.begin(), texts.end(), isText))
        return Error{ErrorCode::InvalidInput,
                     "Cannot consolidate: there is no text of two tokens or more to learn from, expected one at least.",
                     "Let the episodic memory store a text first; pictures and recordings are not learned "
                     "again."};
    const auto isCancelled = [cancel] { return cancel && cancel->load(std::memory_order_relaxed); };
    const Error cancelled = cancelledError();
    if (isCancelled()) return cancelled; // nothing was read: who asks so learns whether it could be
    ORRERY_ASSIGN(const SlotBackground own, countReads(model, texts));
    return nn::guardTorch("consolidate", [&]() -> Result<Consolidation> {
        Consolidation result;
        result.numTexts = own.numTexts;
        result.slots = chooseSlots(own.numReads, background, settings.numSlots);
        const at::Device device = values->master.device();
        const std::vector<Window> windows = windowsOf(texts, model.spec().context, device);
        const std::vector<Window> others = windowsOf(replayed, model.spec().context, device);
        int64_t numTargets = 0;
        for (const Window &window : windows) numTargets += window.numTargets();
        size_t numReplayed = 0;
        ValuesBefore before(model, *values);
        RowUpdate update(*values, at::tensor(result.slots, at::kLong).to(device), settings.learningRate);
        // Cut short when it was cancelled, nobody asks for its sum then, and where a loss is no finite
        // number.
        const auto pass = [&](bool learns) {
            double sum = 0;
            for (const Window &window : windows) {
                if (isCancelled()) break;
                auto [loss, gradient_NC] = lossAndGradient(model, *values, window);
                sum += loss * static_cast<double>(window.numTargets()) / static_cast<double>(numTargets);
                if (!std::isfinite(sum)) break;
                if (!learns) continue;
                if (!others.empty())
                    gradient_NC.add_(
                        lossAndGradient(model, *values, others[numReplayed++ % others.size()]).second,
                        kReplayWeight);
                const at::NoGradGuard noGrad;
                update.apply(gradient_NC);
                model.mastersChanged();
            }
            return sum;
        };
        result.lossBefore = pass(false);
        if (!isCancelled() && !std::isfinite(result.lossBefore))
            return Error{ErrorCode::InvalidInput,
                         "Cannot consolidate: the loss of what is remembered is " +
                             formatSignificant(result.lossBefore, 4) +
                             " before anything is learned, expected a finite number.",
                         "The weights of this model are broken: take an earlier checkpoint."};
        const auto diverged = [&](const std::string &of, const std::string &found) {
            before.restore();
            return divergedError(of, found, settings.learningRate);
        };
        const std::string ofLoss = "the loss of what is remembered";
        const auto tell = [&](int64_t numDone) {
            if (settings.onAmount) settings.onAmount({ConsolidationPhase::Learning, numDone, settings.numPasses});
        };
        for (int64_t i = 0; i < settings.numPasses && !result.slots.empty() && !isCancelled(); ++i) {
            tell(i);
            const double loss = pass(true);
            if (isCancelled()) break;
            if (!std::isfinite(loss)) return diverged(ofLoss, formatSignificant(loss, 4));
            if (!update.isFinite()) return diverged("a value of the semantic memory", "infinite or NaN");
        }
        if (!isCancelled()) tell(settings.numPasses);
        result.lossAfter = pass(false);
        if (isCancelled()) {
            before.restore();
            return cancelled;
        }
        if (!std::isfinite(result.lossAfter)) return diverged(ofLoss, formatSignificant(result.lossAfter, 4));
        return result;
    });
}

Result<Consolidation> consolidateBeside(nn::Transformer &model, const std::vector<std::vector<int32_t>> &texts,
                                        const std::vector<std::vector<int32_t>> &background,
                                        const ConsolidationSettings &settings, const std::atomic<bool> &cancel)
{
    const auto tell = [&settings](int64_t numDone, int64_t numTotal) {
        if (settings.onAmount) settings.onAmount({ConsolidationPhase::Comparing, numDone, numTotal});
    };
    ORRERY_ASSIGN(const SlotBackground reads, countReads(model, background, {&cancel, tell}));
    if (background.empty()) return consolidate(model, texts, reads, settings, &cancel);
    return nn::guardTorch("consolidate", [&]() -> Result<Consolidation> {
        nn::Parameter &values = *findValues(model);
        ValuesBefore before(model, values);
        const std::vector<Window> measured =
            windowsOf(spreadOver(background, kMostMeasured), model.spec().context, values.master.device());
        const double lossBefore = meanLoss(model, measured, cancel);
        ORRERY_ASSIGN(Consolidation done, consolidate(model, texts, reads, settings, &cancel, background));
        done.numProtected = reads.numTexts;
        done.protectedBefore = lossBefore;
        done.protectedAfter = meanLoss(model, measured, cancel);
        const bool isLost = std::isfinite(lossBefore) && !std::isfinite(done.protectedAfter);
        if (isLost && !cancel.load(std::memory_order_relaxed)) {
            before.restore();
            return divergedError("the loss of other texts", formatSignificant(done.protectedAfter, 4),
                                 settings.learningRate);
        }
        return done;
    });
}

} // namespace orrery::memory
