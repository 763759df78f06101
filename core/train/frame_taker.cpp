// SPDX-License-Identifier: Apache-2.0
#include "core/train/frame_taker.h"

#include "core/base/text.h"
#include "core/store/attention_frame_codec.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace orrery {
namespace {

constexpr size_t kMaxStarred = 64;  ///< their frames are large
constexpr size_t kNamedBytes = 60;  ///< of a prompt that is told of
constexpr int64_t kOverviewCells = 256 * 1024; ///< of all heads together
constexpr int64_t kLeastEdge = 16, kMostEdge = 128; ///< of an overview
constexpr const char *kEntropy = "entropy";
constexpr const char *kDistance = "distance";
constexpr const char *kFirst = "first";
constexpr const char *kChange = "change";
constexpr size_t kSeriesPerHead = 4;
constexpr size_t kMaxHeadsWithSeries = kMaxHeadSeries / kSeriesPerHead;

std::vector<HeadRef> starredHeads(const std::vector<std::string> &names)
{
    std::vector<HeadRef> heads;
    for (const std::string &name : names)
        if (HeadRef head;
            headFromName(name, head) && std::find(heads.begin(), heads.end(), head) == heads.end())
            heads.push_back(head);
    return heads;
}

/// Mean difference of a head's map from the one before.
double changeOf(std::span<const uint8_t> before, std::span<const uint8_t> now)
{
    double sum = 0;
    for (size_t i = 0; i < now.size(); ++i)
        sum +=
            std::abs(static_cast<double>(frameWeight(now[i])) - static_cast<double>(frameWeight(before[i])));
    return sum / static_cast<double>(now.size());
}

bool hasSeries(const HeadRef &head, const ModelSpec &model)
{
    return head.layer * model.heads + head.head < static_cast<int64_t>(kMaxHeadsWithSeries);
}

} // namespace

std::string series::ofHead(const HeadRef &head, const char *what)
{
    return "head/" + headName(head) + "/" + what;
}

std::vector<std::string> headSeriesNames(const ModelSpec &model)
{
    std::vector<std::string> names;
    for (int64_t layer = 0; layer < model.layers; ++layer)
        for (int64_t head = 0; head < model.heads && names.size() < kMaxHeadsWithSeries * kSeriesPerHead;
             ++head)
            for (const char *what : {kEntropy, kDistance, kFirst, kChange})
                names.push_back(series::ofHead({layer, head}, what));
    return names;
}

std::vector<HeadRef> FrameTaker::overviewHeads(const ModelSpec &model)
{
    if (model.layers * model.heads <= kMaxFrameHeads) return {}; // all
    std::vector<HeadRef> heads;
    for (int64_t layer = 0; std::ssize(heads) < kMaxFrameHeads; ++layer)
        for (int64_t head = 0; head < model.heads && std::ssize(heads) < kMaxFrameHeads; ++head)
            heads.push_back({layer, head});
    return heads;
}

int64_t FrameTaker::overviewEdge(int64_t numHeads)
{
    const double share = static_cast<double>(kOverviewCells) / static_cast<double>(std::max<int64_t>(1, numHeads));
    return std::clamp(static_cast<int64_t>(std::sqrt(share)), kLeastEdge, kMostEdge);
}

DueFrames FrameTaker::dueFrames(const ProbesSpec &probes, int64_t step, bool isLast)
{
    if (probes.framesEvery <= 0) return {};
    const bool isAlways = step == 1 || isLast;
    return {.overview = isAlways || step % probes.overviewInterval() == 0,
            .starred = !probes.starred.empty() && (isAlways || step % probes.framesEvery == 0)};
}

int64_t FrameTaker::numHeadsWithoutSeries(const ModelSpec &model)
{
    return std::max<int64_t>(0, model.layers * model.heads - static_cast<int64_t>(kMaxHeadsWithSeries));
}

Result<void> checkStarredHeads(const std::vector<std::string> &starred, const ModelSpec &model)
{
    if (starred.size() > kMaxStarred)
        return Error{ErrorCode::InvalidInput,
                     "Cannot set \"" + std::string(kStarredKey) + "\": it has " +
                         std::to_string(starred.size()) + " heads, expected at most " +
                         std::to_string(kMaxStarred) + ".",
                     "The overview has all heads; star those that shall have more detail."};
    for (const std::string &name : starred) {
        HeadRef head;
        const bool isHead = headFromName(name, head);
        if (isHead && head.layer >= 0 && head.layer < model.layers && head.head >= 0 &&
            head.head < model.heads)
            continue;
        const std::string shown = sanitizeUtf8(name.substr(0, 80));
        return Error{ErrorCode::InvalidInput,
                     "Cannot set \"" + std::string(kStarredKey) + "\": \"" + shown + "\" is " +
                         (isHead ? "a head that the model does not have" : "no head") +
                         ", expected layer.head from 0.0 to " +
                         headName({model.layers - 1, model.heads - 1}) + ".",
                     "Layers and heads count from 0."};
    }
    return {};
}

void FrameTaker::warnOfLength(const std::string &prompt, size_t numTokens, size_t context)
{
    if (numTokens <= context || !m_warned.insert(prompt).second) return;
    size_t shown = std::min(prompt.size(), kNamedBytes);
    while (shown > 0 && shown < prompt.size() && (static_cast<unsigned char>(prompt[shown]) & 0xC0) == 0x80)
        --shown; // no half of a character
    std::string name = sanitizeUtf8(prompt.substr(0, shown));
    if (shown < prompt.size()) name += "…";
    m_warnings.push_back("The probe prompt \"" + name + "\" has " + std::to_string(numTokens) +
                         " tokens, expected at most the model's context of " + std::to_string(context) +
                         ": its frames show the first " + std::to_string(context) +
                         ", and its samples go on from the last " + std::to_string(context) +
                         ". Shorten it in probes.prompts.");
}

void FrameTaker::prepareInputs(const RunSpec &spec)
{
    if (m_prompts == spec.probes.prompts) return;
    m_prompts = spec.probes.prompts;
    m_inputs.clear();
    m_texts = keptTexts({.tokenizer = &m_tokenizer,
                         .model = &spec.model,
                         .prompts = *m_prompts,
                         .numFrozen = m_numFrozen,
                         .documents = m_data.multiModal.get(),
                         .text = m_data.text.empty() ? nullptr : m_data.text.front().get()});
    for (const KeptText &text : m_texts) {
        warnOfLength(text.prompt, text.numTokens, static_cast<size_t>(spec.model.context));
        m_inputs.push_back({text.number, describeTokens(m_tokenizer, text.ids, &text.modalities)});
    }
}

Result<InspectInput> FrameTaker::kept(const RunSpec &spec, int32_t number, std::span<const int32_t> answerIds)
{
    prepareInputs(spec);
    for (size_t i = 0; i < m_inputs.size(); ++i) {
        if (m_inputs[i].number != number) continue;
        if (answerIds.empty()) return m_inputs[i].text;
        m_answered = withAnswer(m_texts[i], answerIds, spec.model.context);
        InspectInput input = describeTokens(m_tokenizer, m_answered.ids, &m_answered.modalities);
        input.said = m_answered.said;
        return input;
    }
    return Error{ErrorCode::NotFound,
                 "Cannot look at the kept prompt " + std::to_string(number) +
                     ": the training has none of that number, expected one of " + numbersOf(m_texts) + ".",
                 "Prompts have the numbers of their frames."};
}

Result<std::vector<TakenFrame>> FrameTaker::take(const RunSpec &spec, const DueFrames &due, int64_t step,
                                                 at::ScalarType dtype, std::vector<MetricValue> &values)
{
    prepareInputs(spec);
    const std::vector<HeadRef> starred = starredHeads(spec.probes.starred);
    std::set<HeadRef> ofStarred; // their numbers are those of the finer frames, so that all are of the same cells
    for (const HeadRef &head : starred)
        if (hasSeries(head, spec.model)) ofStarred.insert(head);
    std::vector<TakenFrame> taken;
    const size_t told = m_data.multiModal ? 0 : m_inputs.size() - 1; // the validation text
    for (size_t i = 0; i < m_inputs.size(); ++i) {
        const auto keep = [&](FrameKind kind, const std::vector<HeadRef> &heads,
                              int64_t edge) -> Result<AttentionFrame> {
            ORRERY_ASSIGN(AttentionFrame frame,
                          lookForFrame(m_model, m_tokenizer, m_inputs[i].text, heads, edge, dtype));
            frame.step = step;
            ORRERY_ASSIGN(std::string bytes, packFrame(frame));
            taken.push_back({kind, m_inputs[i].number, std::move(bytes)});
            return frame;
        };
        if (due.overview) {
            const std::vector<HeadRef> heads = overviewHeads(spec.model);
            const int64_t numHeads = heads.empty() ? spec.model.layers * spec.model.heads : std::ssize(heads);
            ORRERY_ASSIGN(const AttentionFrame overview, keep(FrameKind::Overview, heads, overviewEdge(numHeads)));
            if (i == told) {
                std::set<HeadRef> others;
                for (const HeadRef &head : overview.heads)
                    if (hasSeries(head, spec.model) && !ofStarred.contains(head)) others.insert(head);
                addSeries(overview, others, values);
            }
        }
        if (!due.starred) continue;
        ORRERY_ASSIGN(const AttentionFrame detail, keep(FrameKind::Heads, starred, kStarredEdge));
        if (i == told) addSeries(detail, ofStarred, values);
    }
    return taken;
}

void FrameTaker::addSeries(const AttentionFrame &frame, const std::set<HeadRef> &heads,
                           std::vector<MetricValue> &values)
{
    const size_t numCells = frame.heads.empty() ? 0 : frame.mean.size() / frame.heads.size();
    for (size_t i = 0; i < std::min(frame.summaries.size(), frame.heads.size()); ++i) {
        const HeadSummary &summary = frame.summaries[i];
        if (!heads.contains(summary.head)) continue;
        values.push_back({series::ofHead(summary.head, kEntropy), summary.entropy});
        values.push_back({series::ofHead(summary.head, kDistance), summary.distance});
        values.push_back({series::ofHead(summary.head, kFirst), summary.firstMass});
        const auto now = std::span(frame.mean).subspan(i * numCells, numCells);
        std::vector<uint8_t> &before = m_before[summary.head];
        // A head that was starred since has other cells now.
        if (!now.empty() && before.size() == now.size())
            values.push_back({series::ofHead(summary.head, kChange), changeOf(before, now)});
        before.assign(now.begin(), now.end());
    }
}

} // namespace orrery
