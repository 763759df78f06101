// SPDX-License-Identifier: Apache-2.0
// Axes: R replayed sequences, T tokens, V vocabulary, K kept logits, S slots of a memory, C width.
#include "core/train/continual/continual.h"

#include "core/nn/masked_cross_entropy.h"
#include "core/spec/continual_work.h"
#include "core/train/continual/dreams.h"
#include "core/train/step_runner.h"

#include <torch/types.h>

#include <algorithm>
#include <optional>

namespace orrery {
namespace {

constexpr int64_t kAveragedShare = 4; ///< one over it: the last steps of a stage whose weights are averaged
constexpr int64_t kDreamStart = 8;    ///< tokens of an excerpt that a made-up text begins with
constexpr const char *kSemanticValues = "semantic.values"; ///< as the memory plugin calls them

/// One row per slot.
at::Tensor slotRows(const at::Tensor &values) { return values.reshape({-1, values.size(-1)}); }

std::string stageName(const char *what, int64_t stage) { return what + std::to_string(stage + 1); }

} // namespace

bool isSemanticMemory(const nn::Parameter &parameter) { return parameter.name.ends_with(kSemanticValues); }

Continual::Continual(const RunSpec &spec, StagedBatchSource &source)
    : m_spec(spec), m_plan(StagePlan::of(spec)), m_source(source)
{
    static const std::map<std::string, Strategy> strategies = {{"er", Strategy::Er},
                                                               {"derpp", Strategy::Derpp},
                                                               {"rehearsal", Strategy::Rehearsal},
                                                               {"ewc", Strategy::Ewc},
                                                               {"sparse_memory", Strategy::SparseMemory}};
    if (const auto found = strategies.find(spec.continual.strategy); found != strategies.end())
        m_strategy = found->second;
}

Result<std::unique_ptr<Continual>> Continual::create(const RunSpec &spec, nn::Transformer &model,
                                                     StagedBatchSource &source)
{
    std::unique_ptr<Continual> continual(new Continual(spec, source));
    const auto &parameters = model.parameters();
    if (continual->m_strategy == Strategy::SparseMemory &&
        std::none_of(parameters.begin(), parameters.end(), isSemanticMemory))
        return Error{ErrorCode::InvalidInput,
                     "Cannot train with continual.strategy sparse_memory: the model has no semantic memory, "
                     "expected one, as only its values change behind the first text.",
                     "Switch on a plugin with a semantic memory, or set continual.strategy to er."};
    if (continual->m_strategy == Strategy::Rehearsal) {
        ORRERY_ASSIGN(continual->m_teacher,
                      nn::Transformer::create(spec.model, model.vocabSize(), static_cast<uint64_t>(spec.seed),
                                              spec.device));
        for (nn::Parameter &parameter : continual->m_teacher->parameters())
            parameter.master.requires_grad_(false);
    }
    return continual;
}

at::Tensor Continual::loss(nn::Transformer &model, const BatchTensors &batch,
                           const nn::ForwardContext &context)
{
    const bool isHeld = (m_strategy == Strategy::Derpp || m_strategy == Strategy::Rehearsal) &&
                        m_spec.continual.distillWeight > 0 && !m_source.lastReplays().empty();
    if (!isHeld) return model.loss(batch.ids_BT, batch.targets_BT, batch.mask_BT, context);
    const at::Tensor logits_BTV = model.logits(batch.ids_BT, context);
    std::vector<int64_t> rows;
    for (const StagedBatchSource::Replay &replay : m_source.lastReplays()) rows.push_back(replay.row);
    const at::Tensor rows_R = at::tensor(rows).to(logits_BTV.device());
    const at::Tensor student_RTV = logits_BTV.index_select(0, rows_R);
    const at::Tensor distance = m_strategy == Strategy::Derpp
                                    ? keptDistance(student_RTV)
                                    : teacherDistance(student_RTV, rows, rows_R, batch, context);
    const at::Tensor targets_N = nn::maskedTargets(batch.targets_BT, batch.mask_BT);
    return nn::meanCrossEntropy(logits_BTV, targets_N) + m_spec.continual.distillWeight * distance;
}

at::Tensor Continual::keptDistance(const at::Tensor &student_RTV) const
{
    std::vector<at::Tensor> values, index;
    for (const StagedBatchSource::Replay &replay : m_source.lastReplays()) {
        values.push_back(m_kept.at(stageName("logits.values.", replay.stage)).select(0, replay.chunk));
        index.push_back(m_kept.at(stageName("logits.index.", replay.stage)).select(0, replay.chunk));
    }
    const at::Device device = student_RTV.device();
    const at::Tensor values_RTK = at::stack(values).to(device, at::kFloat);
    const at::Tensor index_RTK = at::stack(index).to(device, at::kLong);
    return (student_RTV.gather(2, index_RTK) - values_RTK).square().mean();
}

at::Tensor Continual::teacherDistance(const at::Tensor &student_RTV, const std::vector<int64_t> &rows,
                                      const at::Tensor &rows_R, const BatchTensors &batch,
                                      const nn::ForwardContext &context)
{
    at::Tensor teacher_RTV;
    {
        const at::NoGradGuard noGrad;
        nn::ForwardContext looking;
        looking.dtype = context.dtype;
        looking.maskPolicy = context.maskPolicy;
        for (const int64_t row : rows)
            if (!context.prefixLengths.empty())
                looking.prefixLengths.push_back(context.prefixLengths[static_cast<size_t>(row)]);
        teacher_RTV = m_teacher->logits(batch.ids_BT.index_select(0, rows_R), looking).log_softmax(-1);
    }
    const at::Tensor distance_RT = (teacher_RTV.exp() * (teacher_RTV - student_RTV.log_softmax(-1))).sum(-1);
    if (!batch.mask_BT.defined()) return distance_RT.mean();
    const at::Tensor mask_RT = batch.mask_BT.index_select(0, rows_R).to(distance_RT.scalar_type());
    return (distance_RT * mask_RT).sum() / mask_RT.sum().clamp_min(1);
}

void Continual::changeGradients(nn::Transformer &model)
{
    if (m_numEnded == 0) return;
    const at::NoGradGuard noGrad;
    if (m_strategy == Strategy::Ewc) {
        for (nn::Parameter &parameter : model.parameters()) {
            const at::Tensor pull = m_spec.continual.ewcLambda * m_kept.at("fisher." + parameter.name) *
                                    (parameter.master - m_kept.at("anchor." + parameter.name));
            at::Tensor &gradient = parameter.master.mutable_grad();
            gradient = gradient.defined() ? gradient + pull : pull;
        }
    }
    if (m_strategy == Strategy::SparseMemory) openSlots(model);
}

// Of the slots that an update uses, those that some earlier window did without. Lin et al. (2025), section 3,
// open only the few that an update uses far more than earlier batches did. They replay nothing; beside replay
// that left too little room (docs/benchmarks.md, `facts`).
void Continual::openSlots(nn::Transformer &model)
{
    m_before.clear();
    m_openSlots.clear();
    double numCounted = 0;
    for (int64_t stage = 0; stage < m_numEnded; ++stage)
        numCounted += static_cast<double>(countedWindows(stage));
    for (nn::Parameter &parameter : model.parameters()) {
        m_before.push_back(parameter.master.detach().clone());
        at::Tensor &gradient = parameter.master.mutable_grad();
        if (!isSemanticMemory(parameter) || !gradient.defined()) {
            gradient = at::Tensor();
            continue;
        }
        const at::Tensor rows_SC = slotRows(gradient);
        const at::Tensor isUsed_S = rows_SC.abs().amax(1) > 0;
        const at::Tensor open =
            at::nonzero(isUsed_S & (m_kept.at("slots." + parameter.name) < numCounted)).view(-1);
        const at::Tensor kept_SC =
            at::zeros_like(rows_SC).index_copy_(0, open, rows_SC.index_select(0, open));
        gradient = kept_SC.view_as(gradient);
        m_openSlots[parameter.name] = open;
    }
}

void Continual::afterUpdate(nn::Transformer &model, int64_t step)
{
    const at::NoGradGuard noGrad;
    if (!m_before.empty()) {
        // Moments and weight decay would move what is closed.
        size_t i = 0;
        for (nn::Parameter &parameter : model.parameters()) {
            at::Tensor &before = m_before[i++];
            if (const auto open = m_openSlots.find(parameter.name); open != m_openSlots.end())
                slotRows(before).index_copy_(
                    0, open->second, slotRows(parameter.master.detach()).index_select(0, open->second));
            parameter.master.detach().copy_(before);
        }
        m_before.clear();
    }
    if (m_strategy != Strategy::Rehearsal) return;
    const int64_t stage = m_plan.stageAt(step - 1);
    if (step <= averageBegin(stage) || step > m_plan.end(stage)) return;
    // Counted, not told from the step: one without targets moves nothing and does not come here.
    at::Tensor &count = m_kept[kNumAveraged];
    if (!count.defined()) count = at::zeros({1});
    count.add_(1);
    for (const nn::Parameter &parameter : model.parameters()) {
        at::Tensor &average = m_kept["average." + parameter.name];
        if (!average.defined())
            average = parameter.master.detach().clone();
        else
            average.add_((parameter.master.detach() - average) / count.item<double>());
    }
}

int64_t Continual::averageBegin(int64_t stage) const
{
    return m_plan.end(stage) -
           std::max<int64_t>(1, (m_plan.end(stage) - m_plan.begin(stage)) / kAveragedShare);
}

void Continual::finishStage(nn::Transformer &model)
{
    if (m_strategy != Strategy::Rehearsal) return;
    const at::NoGradGuard noGrad;
    for (nn::Parameter &parameter : model.parameters()) {
        const auto average = m_kept.find("average." + parameter.name);
        if (average == m_kept.end()) continue;
        parameter.master.detach().copy_(average->second);
        m_kept.erase(average);
    }
    m_kept.erase(kNumAveraged);
    model.mastersChanged();
}

void Continual::keepStage(nn::Transformer &model, int64_t stage)
{
    if (stage + 1 >= m_plan.numStages) return;
    if (m_strategy == Strategy::Derpp) keepLogits(model, stage);
    if (m_strategy == Strategy::Rehearsal) {
        keepTeacher(model);
        dream(stage);
    }
    if (m_strategy == Strategy::Ewc) keepFisher(model, stage);
    if (m_strategy == Strategy::SparseMemory) countSlots(model, stage);
    // The teacher stands even where its texts were cut short.
    m_owesLook = m_isCutShort && !m_teacher;
    if (!m_owesLook) m_numEnded = stage + 1;
}

bool Continual::hearStop()
{
    m_isCutShort = m_isCutShort || (m_isStopAsked && m_isStopAsked());
    return m_isCutShort;
}

void Continual::keepLogits(nn::Transformer &model, int64_t stage)
{
    const at::NoGradGuard noGrad;
    BatchTensors tensors(model.parameters().front().master.device());
    std::vector<at::Tensor> values, index;
    for (int64_t chunk = 0; chunk < m_source.numChunks(stage); chunk += m_spec.train.batchSize) {
        if (hearStop()) return;
        Batch text = m_source.emptyBatch();
        const int64_t end = std::min(chunk + m_spec.train.batchSize, m_source.numChunks(stage));
        for (int64_t i = chunk; i < end; ++i) m_source.appendChunk(stage, i, text);
        ModelBatch batch;
        nextTokenObjective().prepare(text, {}, batch);
        tensors.load(batch);
        const at::Tensor logits_BTV = model.logits(tensors.ids_BT, {});
        const auto [largest, places] = logits_BTV.topk(std::min(kKeptLogits, logits_BTV.size(-1)));
        values.push_back(largest.to(at::kCPU, at::kHalf));
        index.push_back(places.to(at::kCPU, at::kInt));
    }
    m_kept[stageName("logits.values.", stage)] = at::cat(values);
    m_kept[stageName("logits.index.", stage)] = at::cat(index);
}

void Continual::keepTeacher(nn::Transformer &model)
{
    const at::NoGradGuard noGrad;
    const auto &masters = model.parameters();
    for (size_t i = 0; i < masters.size(); ++i)
        m_teacher->parameters()[i].master.copy_(masters[i].master.detach());
    m_teacher->mastersChanged();
}

// Nothing of it has to be saved: a resume has the same teacher make up the same texts again.
void Continual::dream(int64_t last)
{
    const int64_t context = m_spec.model.context, count = m_source.numDreamsWanted(last);
    if (count == 0) return;
    std::vector<std::vector<int32_t>> texts;
    for (int64_t stage = 0; stage <= last; ++stage) {
        DreamRequest request{.starts_NP = {},
                             .startLength = std::min(kDreamStart, context),
                             .length = context + 1,
                             .seed = static_cast<uint64_t>(m_spec.seed),
                             .stage = last,
                             .firstNumber = stage * count,
                             .isCancelled = m_isStopAsked};
        for (int64_t i = 0; i < count; ++i) {
            const auto start = m_source.excerptStart(stage, request.firstNumber + i, request.startLength);
            request.starts_NP.insert(request.starts_NP.end(), start.begin(), start.end());
        }
        texts.push_back(dreamTexts(*m_teacher, request));
        if (texts.back().empty()) {
            m_isCutShort = true;
            return;
        }
    }
    m_source.setDreams(std::move(texts));
}

/// use() sees the gradients of the loss of one window after the other.
template <typename Use>
bool Continual::lookAtStage(nn::Transformer &model, int64_t stage, int64_t numWindows,
                            const std::vector<at::Tensor> &leaves, Use use)
{
    std::optional<at::TensorList> wanted;
    if (!leaves.empty()) wanted = leaves;
    BatchTensors tensors(model.parameters().front().master.device());
    const auto clear = [&model] {
        for (nn::Parameter &parameter : model.parameters()) parameter.master.mutable_grad() = at::Tensor();
    };
    for (int64_t i = 0; i < numWindows && !hearStop(); ++i) {
        Batch text = m_source.emptyBatch();
        m_source.appendSample(stage, i, text);
        ModelBatch batch;
        nextTokenObjective().prepare(text, {}, batch);
        tensors.load(batch);
        if (tensors.numTargets() == 0) continue;
        clear();
        model.loss(tensors.ids_BT, tensors.targets_BT, tensors.mask_BT, {})
            .backward({}, std::nullopt, false, wanted);
        const at::NoGradGuard noGrad;
        use();
    }
    clear();
    return !m_isCutShort;
}

// The mean over windows of the squared gradient of a window's mean loss.
void Continual::keepFisher(nn::Transformer &model, int64_t stage)
{
    constexpr double scale = 1.0 / kFisherWindows;
    std::vector<at::Tensor> sums; // of this stage and those before
    for (const nn::Parameter &parameter : model.parameters()) {
        const auto before = m_kept.find("fisher." + parameter.name);
        sums.push_back(before == m_kept.end() ? at::zeros_like(parameter.master.detach())
                                              : before->second.clone());
    }
    const bool isWhole = lookAtStage(model, stage, kFisherWindows, {}, [&] {
        for (size_t i = 0; i < sums.size(); ++i)
            if (const at::Tensor &gradient = model.parameters()[i].master.grad(); gradient.defined())
                sums[i].add_(gradient.square(), scale);
    });
    if (!isWhole) return;
    for (size_t i = 0; i < sums.size(); ++i) {
        const nn::Parameter &parameter = model.parameters()[i];
        m_kept["anchor." + parameter.name] = parameter.master.detach().clone();
        m_kept["fisher." + parameter.name] = sums[i];
    }
}

int64_t Continual::countedWindows(int64_t stage) const
{
    return std::min(kCountedWindows, m_source.numWindows(stage));
}

// Window by window: the gradient of several at once does not say which of them used a slot. Nothing is asked
// of the other parameters, which spares the larger part of the way back.
void Continual::countSlots(nn::Transformer &model, int64_t stage)
{
    std::map<std::string, at::Tensor> counts_S;
    std::vector<at::Tensor> values;
    for (const nn::Parameter &parameter : model.parameters()) {
        if (!isSemanticMemory(parameter)) continue;
        const std::string name = "slots." + parameter.name;
        const auto before = m_kept.find(name);
        counts_S[name] = before != m_kept.end() ? before->second.clone()
                                                : at::zeros({slotRows(parameter.master.detach()).size(0)},
                                                            parameter.master.detach().options());
        values.push_back(parameter.master);
    }
    const bool isWhole = lookAtStage(model, stage, countedWindows(stage), values, [&] {
        for (const nn::Parameter &parameter : model.parameters()) {
            const at::Tensor &gradient = parameter.master.grad();
            if (!isSemanticMemory(parameter) || !gradient.defined()) continue;
            at::Tensor &count_S = counts_S.at("slots." + parameter.name);
            count_S.add_((slotRows(gradient).abs().amax(1) > 0).to(count_S.scalar_type()));
        }
    });
    if (!isWhole) return;
    for (auto &[name, count_S] : counts_S) m_kept[name] = count_S;
}

} // namespace orrery
