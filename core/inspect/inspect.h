// SPDX-License-Identifier: Apache-2.0
// A look into one pass of a model over one text: what each head attends to, what it would say without some
// heads, what the stream holds at each layer, what was read from memories, and which tokens mattered. An
// evaluation pass of its own: no randomness, no gradient left behind, nothing of the training touched. Only
// the thread that owns the model. Axes: L layers, H heads, T tokens, V vocabulary.
#pragma once

#include "core/base/result.h"
#include "core/nn/transformer.h"
#include "core/spec/frames.h"
#include "core/spec/inspection.h"
#include "core/spec/modality_batch.h"

#include <functional>
#include <string>
#include <vector>

namespace orrery {

class Tokenizer;

/// A text as the model reads it.
struct InspectInput {
    std::vector<int32_t> ids;                  ///< of patches and frames: 0
    std::vector<InspectedToken> tokens;        ///< of the same length; surprise is filled in by the look
    const ModalityBatch *modalities = nullptr; ///< of ids, as one sequence; null: all is text
    std::string maskPolicy = "causal";
    int64_t prefixLength = 0; ///< for the mask "prefix"
    int32_t said = -1;        ///< what the text says behind its last token here, of a text that goes on; −1: nothing
    /// Called before each pass of a request with a memory: a cache with room for the text and a copy of the
    /// memory in it; the text's first token has place 0. Empty: there is none to read.
    std::function<Result<nn::KvCache>()> cacheWithMemory = {};
    /// A state that the text is read on from, taken once: keys and values of its first numRead tokens, with room for the
    /// others, and what is remembered there. Then only those behind are looked at, and none has a surprise but the token that
    /// was said behind the one that is asked about; where the text ends before it, it is added to the report's. Empty: there
    /// is none.
    std::function<nn::KvCache()> stateBefore = {};
    int64_t numRead = 0;
    /// What is read at once behind a state.
    struct Pass {
        int64_t end = 0;         ///< behind its last token; it begins where the one before ends
        ModalityBatch batch = {}; ///< of its tokens, as one sequence
    };
    std::vector<Pass> passes = {}; ///< one or more, the last one to the end of ids; without a state: none
};

/// Told before each layer, of each pass in which layers are counted; on the thread of the look.
using TellReading = std::function<void(const InspectPassAmount &)>;

/// The tokens of a text, described. @param modalities as above
InspectInput describeTokens(const Tokenizer &tokenizer, std::vector<int32_t> ids,
                            const ModalityBatch *modalities);
/// Of a request without turns, media and hole: its prompt or the exact tokens in its place, and those that
/// the answer begins with. Whether the model has them, the look says.
Result<std::vector<int32_t>> plainIds(const Tokenizer &tokenizer, const GenerateRequest &request);

/// @error InvalidInput (longer than the context, empty, a layer, head, row or token that does not exist, a
/// size out of range, checkMemoryRequest() in memory_edits.h), NotFound (an event or slot to edit that is not
/// there), Cancelled. @param dtype of the matmuls  @param isCancelled asked between layers
Result<InspectReport> inspectModel(nn::Transformer &model, const Tokenizer &tokenizer,
                                   const InspectInput &input, const InspectRequest &request,
                                   at::ScalarType dtype, const std::function<bool()> &isCancelled = {},
                                   const TellReading &tell = {});

/// A frame to keep: all heads at `edge` cells a side at most. @param heads empty: all  @error as above
Result<AttentionFrame> lookForFrame(nn::Transformer &model, const Tokenizer &tokenizer,
                                    const InspectInput &input, const std::vector<HeadRef> &heads,
                                    int64_t edge, at::ScalarType dtype);

} // namespace orrery
