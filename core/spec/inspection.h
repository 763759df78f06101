// SPDX-License-Identifier: Apache-2.0
// What is asked of a model by somebody who looks inside, and what comes back. Layers, heads and tokens count
// from 0; a map's row is the token that looks (query), its column the token that is looked at (key). Values;
// any thread.
#pragma once

#include "core/spec/generation.h"
#include "core/spec/memory_events.h"
#include "core/spec/modality.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace orrery {

struct HeadRef {
    int64_t layer = 0;
    int64_t head = 0;
    auto operator<=>(const HeadRef &) const = default;
};
std::string headName(const HeadRef &ref);                 ///< "2.0": layer 2, head 0
bool headFromName(const std::string &name, HeadRef &ref); ///< false: it is none

/// Tokens begin … end − 1; end −1: to the last.
struct TokenRange {
    int64_t begin = 0;
    int64_t end = -1;
    bool operator==(const TokenRange &) const = default;
};

/// One position of what was read.
struct InspectedToken {
    int32_t id = -1;   ///< −1: not text
    std::string bytes; ///< the token's own bytes; specials have their name in angle brackets
    Modality modality = Modality::Text;
    int64_t item = -1; ///< of a picture or recording: which of the request's media
    int64_t place = 0; ///< of a picture or recording: which of its patches or frames
    double surprise = std::numeric_limits<double>::quiet_NaN(); ///< −log p behind what stands before it,
                                                                ///< nats; NaN: first, or no text
};

/// A rectangle of a head's attention, pooled to cells of rowsPerCell × columnsPerCell tokens (the last ones
/// may be cut).
struct AttentionMap {
    HeadRef head;
    int64_t firstRow = 0, numRows = 0;       ///< tokens
    int64_t firstColumn = 0, numColumns = 0; ///< tokens
    int64_t rowsPerCell = 1, columnsPerCell = 1;
    std::vector<float> mean;    ///< [height, width] row by row; a weight is 0 … 1
    std::vector<float> maximum; ///< likewise; empty where a cell is one token by one (it would be the mean)
    [[nodiscard]] int64_t height() const { return (numRows + rowsPerCell - 1) / rowsPerCell; }
    [[nodiscard]] int64_t width() const { return (numColumns + columnsPerCell - 1) / columnsPerCell; }
};

/// What a head does in one sequence; means over the tokens that look.
struct HeadSummary {
    HeadRef head;
    double entropy = 0;   ///< nats
    double distance = 0;  ///< tokens between who looks and who is looked at, weighted
    double firstMass = 0; ///< weight on the first token, 0 … 1
    double selfMass = 0;  ///< weight on the token itself, 0 … 1
};

/// How much the tokens of one modality look at those of another, by head; rows sum to 1 where there are such
/// tokens.
struct ModalityFlow {
    HeadRef head;
    std::vector<float> mass;    ///< [M, M] by modalityIndex, mean over the tokens that look
    std::vector<float> weights; ///< [M, M] softplus(cross_modal_weights); empty for a model of text
};

/// Something that a head read from a memory while it stood at a token.
struct MemoryRead {
    HeadRef head;
    std::string memory; ///< "episodic", "semantic"
    double gate = 0;    ///< share of the head's output that comes from it, 0 … 1
    struct Slot {
        int64_t slot = -1;
        int64_t event = -1; ///< MemoryEvent::id; −1: none
        int64_t token = -1; ///< place in the text that was read; −1: of another text, or of none
        double weight = 0;  ///< within this read; sum 1 over all slots
    };
    std::vector<Slot> slots; ///< heaviest first, at most 16
};

/// What the tokens of a look read of a memory whose slots are values of the model, of no event and no place in the text;
/// all of them taken together.
struct MemoryUse {
    std::string memory; ///< "semantic"
    int64_t layer = 0;
    int64_t numTokens = 0; ///< that read
    int64_t numHeads = 0;  ///< that each of them reads with
    int64_t numValues = 0; ///< different ones that were read
    struct Reader {
        int64_t head = 0, token = 0;
        double weight = 0; ///< of the value in what the head read there, 0 … 1
    };
    struct Value {
        int64_t slot = -1;
        double share = 0;     ///< of all that was read; sum 1 over all values
        int64_t numReads = 0; ///< by a head at a token
        std::vector<Reader> readers; ///< heaviest first, at most 4
    };
    std::vector<Value> values; ///< most read first, at most 64
};

/// What the model would say at one layer, if the head read the stream there.
struct LensRow {
    int64_t layer = 0; ///< 0: embeddings … number of layers: what the head reads
    std::vector<TokenAlternative> candidates;
    double entropy = 0; ///< nats
};

struct InspectRequest {
    GenerateRequest
        input; ///< prompt or messages with media, and a hole's other side; sampling.numAlternatives counts
    bool wantsOverview = true;  ///< a map of every head, at most overviewEdge cells a side
    int64_t overviewEdge = 32;  ///< 8 … 64
    std::vector<HeadRef> heads; ///< maps of these, at most maxEdge cells a side
    TokenRange rows, columns;   ///< of these maps
    int64_t maxEdge = 512;      ///< 1 … 2048
    std::vector<HeadRef>
        ablated;        ///< give nothing in a second pass; InspectReport::changed has its candidates
    int64_t token = -1; ///< whose candidates, lens, reads and attribution; −1: the last one read
    bool wantsLens = false;
    bool wantsAttribution = false; ///< needs a backward pass
    /// The text is read behind what the model remembers of the text that it read last (or of the file that
    /// each text begins with), on a copy; its window is empty. Not for RUN@live, whose memory is that of its
    /// current batch.
    bool withMemory = false;
    /// Done to that copy before the text is read a second time: InspectReport::changed has the candidates.
    /// Wipe, Forget, ForgetSlot, Scale.
    std::vector<MemoryEdit> memoryEdits;
    /// The token is looked at from the state that the loaded model had there when it said what stands behind it, with
    /// all that it remembered; where no such state is kept, as any text. InspectReport::saidWith tells which. Rows of maps
    /// are those of the passes in which the text came, as far as the context of the token reaches back and states are kept;
    /// a map and the overview begin with the first of them. Where `token` is none of the rows, the last of them takes its
    /// place. There is no attribution. Not with `withMemory` and `ablated`.
    bool asSaid = false;
    /// InspectReport::uses: which values of its memories the text reads most. Of a state only of the passes looked at.
    bool wantsUses = false;
};

/// What an answer to a question with `asSaid` was read from.
enum class SaidWith : uint8_t {
    Unknown, ///< it was not asked, or of an engine that does not know the question
    State,   ///< the state that was kept: the values are those that the token was said with
    Text,    ///< the text, of which alone the model knows: they are those, too
    NotKept, ///< the text by itself: InspectReport::note says what is missing, and what to do
};
inline constexpr SaidWith kLastSaidWith = SaidWith::NotKept;

struct InspectReport {
    std::string model; ///< "RUN@step", "RUN@live" or a directory
    int64_t step = -1;
    std::string note; ///< as ModelInfo::note
    int64_t layers = 0, heads = 0;
    std::vector<InspectedToken> tokens;
    std::vector<HeadSummary> summaries; ///< of all heads, layer by layer
    std::vector<ModalityFlow> flows;    ///< of all heads; empty where all is text
    std::vector<AttentionMap> overview; ///< of all heads, layer by layer; empty: not wanted
    std::vector<AttentionMap> maps;     ///< in the order asked for
    int64_t token = -1;
    std::vector<TokenAlternative> candidates; ///< for what stands behind `token`
    /// The same without the ablated heads and with the memory edited: the same ids first, then its own.
    /// Empty: neither was asked.
    std::vector<TokenAlternative> changed;
    double changedDivergence = 0; ///< KL(as it is ‖ changed), nats
    std::vector<LensRow> lens;
    std::vector<float>
        attribution; ///< gradient × input of each token for the log-probability of what was likeliest
    std::vector<MemoryRead> reads;
    std::vector<MemoryUse> uses; ///< layer by layer; empty: not wanted, or there is no such memory
    double seconds = 0; ///< that it took to compute
    SaidWith saidWith = SaidWith::Unknown;
};

/// How far a model is with the text: in which pass, and how many of its layers have been looked at.
struct InspectPassAmount {
    int64_t layer = 0, layers = 0; ///< 0 of 0: not counted, as on the way back through the layers
    int64_t pass = 1, passes = 1;
    bool operator==(const InspectPassAmount &) const = default;
};

/// How much of an answer has come. The model has read the text before anything does.
struct InspectAmount {
    int64_t numMaps = 0;   ///< whole ones, of the overview and of the heads that were asked for
    int64_t numWanted = 0; ///< 0: the model reads the text still, or no maps are asked for
    double share = 0;      ///< 0 … 1, with the part of a map that is under way
    InspectPassAmount reading = {}; ///< while it reads; of an engine that does not tell nothing comes
    bool operator==(const InspectAmount &) const = default;
};

} // namespace orrery
