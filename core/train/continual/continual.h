// SPDX-License-Identifier: Apache-2.0
// Learning several texts in turn: what happens at the end of each, and what the strategy adds to every
// update. Owned by the loop; trainer thread only. Strategies (keys continual.*):
//   naive          nothing
//   er             replay. Chaudhry et al. (2019), "On tiny episodic memories in continual learning"
//   derpp          replay, held to the logits that the model had at the end of the stage. Buzzega et al.
//                  (2020), "Dark experience for general continual learning", eq. 6; the largest 32 of each
//                  position are kept
//   rehearsal      replay from any offset of longer excerpts, held to the predictions of the model as it was
//                  at the end of the stage before (Li and Hoiem 2016, "Learning without forgetting", on
//                  replayed text); half of what is replayed that model makes up itself, going on from
//                  the starts of such excerpts (dreams.h), and each stage ends with the mean weights of its last quarter (Izmailov et
//                  al. 2018, "Averaging weights leads to wider optima and better generalization")
//   ewc            a quadratic penalty weighed by the diagonal Fisher. Kirkpatrick et al. (2017),
//                  "Overcoming catastrophic forgetting in neural networks", eq. 3, summed over stages
//   sparse_memory  behind the first stage only the semantic memory's values change, and of those the slots
//                  that the step uses and that not every window of earlier stages used. After Lin et al.
//                  (2025), "Continual learning via sparse memory finetuning", who open fewer and replay nothing
#pragma once

#include "core/train/continual/staged_source.h"
#include "core/train/optimizer.h"
#include "core/train/step_extension.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace orrery {

inline constexpr int64_t kKeptLogits = 32; ///< of each position, the largest ones
/// Part of the state: [1], how many updates are in the average of this stage's weights.
inline constexpr const char *kNumAveraged = "averaged";
/// Likewise: [1], of a stage that has ended and whose look was cut short. A resume takes it anew.
inline constexpr const char *kOwedLook = "owed";
/// Whether only its slots change under sparse_memory.
bool isSemanticMemory(const nn::Parameter &parameter);

class Continual final : public StepExtension {
public:
    /// @param source of the run; it and the model must outlive it
    /// @error InvalidInput: sparse_memory with a model that has no semantic memory
    static Result<std::unique_ptr<Continual>> create(const RunSpec &spec, nn::Transformer &model,
                                                     StagedBatchSource &source);

    at::Tensor loss(nn::Transformer &model, const BatchTensors &batch,
                    const nn::ForwardContext &context) override;
    void changeGradients(nn::Transformer &model) override;
    void afterUpdate(nn::Transformer &model, int64_t step) override;

    [[nodiscard]] const StagePlan &plan() const { return m_plan; }
    /// A stage has ended with update `step`: its weights become final. Before anything is measured.
    void finishStage(nn::Transformer &model);
    /// Keeps what the strategy needs of the stage that has ended, all or, cut short, nothing; behind the last
    /// one nothing is.
    void keepStage(nn::Transformer &model, int64_t stage);

    /// Asked while texts are made up and a stage is looked at, which can take minutes. Somebody who wants to
    /// stop does not wait for them; it may take its time, when somebody wants to pause.
    void setStopCheck(std::function<bool()> isStopAsked) { m_isStopAsked = std::move(isStopAsked); }
    /// It was asked, and the answer was yes: no step may follow. What a checkpoint carries is whole, and a
    /// resume makes up the texts, or looks at the stage, anew.
    [[nodiscard]] bool isCutShort() const { return m_isCutShort; }

    /// What a checkpoint carries besides weights and moments, to be saved.
    [[nodiscard]] std::vector<NamedTensor> state() const;
    /// Takes the state of a checkpoint. @param step its finished updates
    /// @param model with the weights of that checkpoint
    /// @error InvalidInput naming what is missing or does not fit
    Result<void> setState(std::vector<NamedTensor> state, int64_t step, nn::Transformer &model);

private:
    enum class Strategy : uint8_t { Naive, Er, Derpp, Rehearsal, Ewc, SparseMemory };

    Continual(const RunSpec &spec, StagedBatchSource &source);
    /// Of replayed sequences, to what was kept of them or to what the teacher says.
    [[nodiscard]] at::Tensor keptDistance(const at::Tensor &student_RTV) const;
    [[nodiscard]] at::Tensor teacherDistance(const at::Tensor &student_RTV, const std::vector<int64_t> &rows,
                                             const at::Tensor &rows_R, const BatchTensors &batch,
                                             const nn::ForwardContext &context);
    void openSlots(nn::Transformer &model);
    void keepLogits(nn::Transformer &model, int64_t stage);
    void keepTeacher(nn::Transformer &model);
    /// Has the teacher make up what the next stage will replay of stage `last` and those before.
    void dream(int64_t last);
    void keepFisher(nn::Transformer &model, int64_t stage);
    void countSlots(nn::Transformer &model, int64_t stage);
    /// @param leaves whose gradients are wanted; empty: all @return false: cut short, so what was seen does
    /// not count
    template <typename Use>
    bool lookAtStage(nn::Transformer &model, int64_t stage, int64_t numWindows,
                     const std::vector<at::Tensor> &leaves, Use use);
    bool hearStop();
    [[nodiscard]] int64_t countedWindows(int64_t stage) const;
    [[nodiscard]] int64_t averageBegin(int64_t stage) const;
    using Shapes = std::map<std::string, std::vector<int64_t>>;
    /// What the state says of itself.
    struct StateKind {
        bool hasAverage = false; ///< the first steps that count for it may have had no targets
        bool owesLook = false;
    };
    [[nodiscard]] bool mayOweLook(int64_t step) const;
    [[nodiscard]] Shapes expectedState(int64_t step, const StateKind &kind, nn::Transformer &model) const;
    Result<void> readState(std::vector<NamedTensor> state, int64_t step, const StateKind &kind,
                           nn::Transformer &model);

    RunSpec m_spec;
    Strategy m_strategy = Strategy::Naive;
    StagePlan m_plan;
    StagedBatchSource &m_source;
    int64_t m_numEnded = 0;                   ///< stages of which something is kept
    std::map<std::string, at::Tensor> m_kept; ///< by what it is and the parameter's name or the stage
    std::unique_ptr<nn::Transformer> m_teacher;
    std::function<bool()> m_isStopAsked; ///< may be empty
    bool m_isCutShort = false;
    bool m_owesLook = false;                       ///< at stage m_numEnded, which has ended
    std::vector<at::Tensor> m_before;              ///< of sparse_memory: masters before the running update
    std::map<std::string, at::Tensor> m_openSlots; ///< and which slots it may change
};

} // namespace orrery
