// SPDX-License-Identifier: Apache-2.0
// Pictures of what the heads do with the probe prompts while a model learns, and the series that come from
// them. Looking is an evaluation pass of its own without any randomness: it moves nothing of the training.
// Trainer thread only.
#pragma once

#include "core/data/kept_texts.h"
#include "core/inspect/inspect.h"
#include "core/spec/run_records.h"
#include "core/train/run_data.h"

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace orrery {

inline constexpr const char *kStarredKey = "probes.starred";
inline constexpr int64_t kStarredEdge = 128; ///< most cells a side
/// A store takes 4,096 series; the others of a run need room, too.
inline constexpr size_t kMaxHeadSeries = 3000;

namespace series {
/// "head/2.0/entropy", "…/distance", "…/first", "…/change".
std::string ofHead(const HeadRef &head, const char *what);
} // namespace series
/// Series that the heads of a model report, as far as there is room for them.
std::vector<std::string> headSeriesNames(const ModelSpec &model);

/// @error InvalidInput: a head that the model does not have
Result<void> checkStarredHeads(const std::vector<std::string> &starred, const ModelSpec &model);

struct TakenFrame {
    FrameKind kind = FrameKind::Unknown;
    int32_t prompt = 0;
    std::string bytes; ///< as packFrame() made them
};

/// Of which heads a step has frames.
struct DueFrames {
    bool overview = false; ///< all
    bool starred = false;  ///< these, with more cells
    [[nodiscard]] bool isAny() const { return overview || starred; }
};

class FrameTaker {
public:
    /// What is given must outlive it.
    /// @param numPrompts of the frozen spec: the validation text has this number, whatever the prompts become
    FrameTaker(nn::Transformer &model, const Tokenizer &tokenizer, const RunData &data, size_t numPrompts)
        : m_model(model), m_tokenizer(tokenizer), m_data(data), m_numFrozen(numPrompts)
    {
    }
    [[nodiscard]] static DueFrames dueFrames(const ProbesSpec &probes, int64_t step, bool isLast);
    /// Of every prompt and of the start of the validation text, with the weights as they are.
    /// @param values gets the series of the heads over that text (of several modalities: the first prompt)
    /// @error as lookForFrame
    Result<std::vector<TakenFrame>> take(const RunSpec &spec, const DueFrames &due, int64_t step,
                                         at::ScalarType dtype, std::vector<MetricValue> &values);
    /// The text whose frames have this number, as they look at it, with an answer behind it as far as the context
    /// goes. Good until the next call.
    /// @error NotFound: no frames have it
    Result<InspectInput> kept(const RunSpec &spec, int32_t number, std::span<const int32_t> answerIds = {});
    /// What is to be told of prompts whose frames show a part of them only, each prompt once.
    [[nodiscard]] std::vector<std::string> takeWarnings() { return std::exchange(m_warnings, {}); }
    /// Those of an overview: as many as a frame may have. Empty: all.
    [[nodiscard]] static std::vector<HeadRef> overviewHeads(const ModelSpec &model);
    /// Most cells a side: the more heads there are, the fewer each has. Up to 64 heads, a text of 64 tokens has
    /// one for each pair.
    [[nodiscard]] static int64_t overviewEdge(int64_t numHeads);
    /// Heads beyond those whose series there is room for.
    [[nodiscard]] static int64_t numHeadsWithoutSeries(const ModelSpec &model);

private:
    struct Input {
        int32_t number = 0; ///< of the prompt
        InspectInput text;
    };
    void prepareInputs(const RunSpec &spec);
    void warnOfLength(const std::string &prompt, size_t numTokens, size_t context);
    /// @param heads whose numbers are told of this frame
    void addSeries(const AttentionFrame &frame, const std::set<HeadRef> &heads, std::vector<MetricValue> &values);

    nn::Transformer &m_model;
    const Tokenizer &m_tokenizer;
    const RunData &m_data;
    size_t m_numFrozen = 0;
    std::optional<std::vector<std::string>> m_prompts; ///< that the inputs were made of
    std::vector<KeptText> m_texts; ///< what the inputs point to
    std::vector<Input> m_inputs;
    KeptText m_answered; ///< that was asked about last
    std::vector<std::string> m_warnings;
    std::set<std::string> m_warned; ///< prompts
    std::map<HeadRef, std::vector<uint8_t>> m_before; ///< maps of the heads whose numbers are told, as last kept
};

} // namespace orrery
