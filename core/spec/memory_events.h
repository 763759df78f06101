// SPDX-License-Identifier: Apache-2.0
// What a model remembers of a text beside its window, as plain values, where it has it from, and what may be
// done about it. The interface is implemented by a part of the model (nn::PartState::memory) and called on
// the thread that owns the model.
#pragma once

#include "core/base/result.h"
#include "core/spec/modality.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

/// Where the tokens of a text come from, from a place on: "chat.json#2:user", the user's turn 2 of a
/// conversation; "notes.txt#text", a prompt; "notes.txt#answer", what the model added to it. What stands
/// before the last # is the name of the whole.
struct TextSource {
    int64_t firstToken = 0;
    std::string name;
    bool operator==(const TextSource &) const = default;
};
/// Whether a source is `name`, or a part of it: "chat.json#2:user" is of "chat.json".
inline bool isOfSource(std::string_view source, std::string_view name)
{
    return source == name || source.substr(0, source.rfind('#')) == name;
}

/// The last read of a stored token by a text that was read or answered; what looks and previews read, they
/// read of a copy.
struct SlotRead {
    static constexpr int64_t kNever = -1, kNotKnown = -2;
    int64_t age = kNotKnown; ///< tokens that were read since, 0: the last one did; or one of the two above
    int64_t place = 0;       ///< of the token that read it, in its text
    std::string source;      ///< of the same token
    int32_t tokenId = 0;
    Modality modality = Modality::Text;
    std::string text;              ///< its bytes, as MemoryEvent::text
    int64_t layer = -1, head = -1; ///< the head that gave it the most weight
    float weight = 0;              ///< of that head, 0 … 1
    [[nodiscard]] bool isThere() const { return age >= 0; }
    bool operator==(const SlotRead &) const = default;
};
/// Stored tokens of a picture or recording that follow one another in MemoryEvent::text, a byte 0 for each.
struct MediaRun {
    int64_t begin = 0; ///< byte of the text
    int64_t count = 0; ///< bytes, and patches or frames
    Modality modality = Modality::Unknown;
    bool operator==(const MediaRun &) const = default;
};

/// A stretch of neighbouring tokens that was stored together.
struct MemoryEvent {
    int64_t id = 0;         ///< never given twice in one memory
    std::string source;     ///< what the text is called
    int64_t firstToken = 0; ///< place in the text
    int64_t lastToken = 0;
    int64_t step = 0;              ///< of the training, of the weights that read it; 0: not known
    int64_t numSlots = 0;          ///< of its tokens, how many are still stored
    double meanUsage = 0;          ///< how much its slots were written and read of late: 0 forgotten
    int64_t age = 0;               ///< tokens that were read since it began
    bool isPinned = false;         ///< never evicted
    std::vector<int32_t> tokenIds; ///< of the slots that are still stored, in the order of the text
    // Of the same slots, in the same order; either empty or as long as tokenIds.
    std::vector<int64_t> slots;   ///< their numbers in the store, as MemoryRead::Slot::slot
    std::vector<float> usages;    ///< as meanUsage
    std::vector<float> surprises; ///< −log p when it was read, nats; 0: not known
    std::vector<float> strengths; ///< factor on what a read of it gives; 1 unless it was edited
    std::string text;             ///< bytes of these tokens, where somebody with a tokenizer filled it in
    // Of the same slots again; empty where nobody told.
    std::vector<Modality> modalities = {}; ///< Unknown: of a file of before these were kept
    std::vector<SlotRead> reads = {};
    std::vector<MediaRun> media = {}; ///< of the text, in its order; filled in with it
};
/// The newest read of its slots; never read only where that is known of all of them.
SlotRead lastReadOf(const MemoryEvent &event);

struct MemoryStatus {
    int64_t capacity = 0; ///< slots
    int64_t numUsed = 0;
    int64_t numPinned = 0; ///< slots in pinned events
    int64_t numEvicted = 0, numSkipped = 0,
            numRefused = 0;  ///< tokens, so far; skipped: under the write thresholds
    std::string lastRefusal; ///< why a token could not be stored; empty: none was refused
};

/// What is done about a memory before it is shown.
enum class MemoryVerb : uint8_t {
    Unknown,
    List,
    Wipe,       ///< a source
    Pin,        ///< an event
    Unpin,      ///< an event
    Forget,     ///< an event
    ForgetSlot, ///< one token
    Scale,      ///< strength of an event (slot −1) or of one slot
    Undo,       ///< the last Forget, ForgetSlot or Scale, unless something was read since
    Similarity, ///< how alike the events are
    Save,       ///< to a file on the engine's computer
    Load,       ///< from one; each text begins with it from now on. Of no path: with nothing
};
inline constexpr MemoryVerb kLastMemoryVerb = MemoryVerb::Load;
const char *memoryVerbName(MemoryVerb verb); ///< "forget_slot"
MemoryVerb memoryVerbFromName(std::string_view name);

struct MemoryEdit {
    MemoryVerb verb = MemoryVerb::List;
    std::string source;      ///< wipe: everything of it (isOfSource)
    int64_t event = 0;       ///< pin, unpin, forget, scale
    int64_t slot = -1;       ///< forget_slot, scale
    double factor = 1;       ///< scale: 0 … 4
    std::string path;        ///< save, load: absolute
    int64_t maxEvents = 256; ///< similarity: of the newest, 1 … 1024
    /// Absolute. Not empty: of what this file holds in place of what texts begin with; it is written where it was changed,
    /// all in one go. Save copies it to `path`; there is no Load of it.
    std::string file = {};
};
struct MemoryReport {
    MemoryStatus status;
    std::vector<MemoryEvent> events; ///< in the order of the text
    int64_t numFreed = 0;            ///< slots, by a wipe or by forgetting
    std::string undoText;            ///< what Undo would take back ("forgetting event 12"); empty: nothing
    // Similarity: cosine of the events' mean keys (over heads, after the mean over their slots), −1 … 1.
    std::vector<int64_t> similarEvents; ///< MemoryEvent::id in the order of rows and columns
    std::vector<float> similarity;      ///< [n, n]
    std::string note = {}; ///< that another training wrote what texts begin with; mostly empty, and of an older engine always
};

/// The memory of one cache (its first sequence, when it has several).
class MemoryControl {
public:
    virtual ~MemoryControl() = default;
    [[nodiscard]] virtual MemoryStatus status() const = 0;
    [[nodiscard]] virtual std::vector<MemoryEvent> listEvents() const = 0; ///< in the order of the text
    /// @error NotFound
    virtual Result<void> pin(int64_t event, bool isPinned) = 0;
    /// Forgets all events of a source and of its parts (isOfSource), pinned ones too. @return slots freed
    virtual int64_t wipe(const std::string &source) = 0;
    /// Writes all of it to a safetensors file. @error Io
    virtual Result<void> save(const std::filesystem::path &path) const = 0;
    /// Takes the place of what is stored. @error NotFound, Io, InvalidInput (no such file, or of another
    /// model); the memory is as before then
    virtual Result<void> load(const std::filesystem::path &path) = 0;

    // New functions go here, to the end.

    /// Forget, ForgetSlot, Scale or Undo. @return slots freed  @error NotFound (no such event or slot,
    /// nothing to undo), InvalidInput (a factor out of range, a verb that it does not know)
    virtual Result<int64_t> change(const MemoryEdit &edit);
    /// As MemoryReport::undoText.
    [[nodiscard]] virtual std::string undoText() const { return {}; }
    /// As MemoryReport::similarity, of the newest events. @param events out: their ids
    /// @error InvalidInput (maxEvents out of range), NotFound (it cannot)
    virtual Result<std::vector<float>> similarity(int64_t maxEvents, std::vector<int64_t> &events) const;
};

/// What a consolidation is at, in this order.
enum class ConsolidationPhase : uint8_t {
    Unknown,
    Loading,   ///< the model and what it remembers
    Reading,   ///< texts of all kinds, from the data
    Comparing, ///< what these need of the semantic memory, text by text
    Learning,  ///< pass by pass over what is remembered
    Writing,   ///< the new model
};
inline constexpr ConsolidationPhase kLastConsolidationPhase = ConsolidationPhase::Writing;
const char *consolidationPhaseName(ConsolidationPhase phase); ///< "learning"
ConsolidationPhase consolidationPhaseFromName(std::string_view name);
struct ConsolidationAmount {
    ConsolidationPhase phase = ConsolidationPhase::Unknown;
    int64_t numDone = 0;
    int64_t numTotal = 0; ///< texts or passes; 0: not known, or not counted
    bool operator==(const ConsolidationAmount &) const = default;
};

/// Memory to weights: what it holds is read again, and the model learns it.
struct ConsolidationSettings {
    int64_t numSlots = 1024; ///< of the semantic memory that may change, at most
    int64_t numPasses = 40;  ///< over what is remembered
    double learningRate = 1; ///< how far one step moves, in units of what stands in the semantic memory
    /// Told by who works, on its thread, at each text and pass; may be empty. @since 1
    std::function<void(const ConsolidationAmount &)> onAmount = {};
};
struct Consolidation {
    std::vector<int64_t> slots;           ///< of the semantic memory, that were changed
    int64_t numTexts = 0;                 ///< that were read again
    double lossBefore = 0, lossAfter = 0; ///< nats per token over these
    // Of the texts of all kinds beside them; 0: there were none. @since 1
    int64_t numProtected = 0;
    double protectedBefore = 0, protectedAfter = 0; ///< nats per token over some of them
    std::vector<std::string> protectedFrom = {};    ///< data that they are from, where somebody filled it in
};

} // namespace orrery
