// SPDX-License-Identifier: Apache-2.0
// Which token stands in which slot of an episodic memory: events, usage, eviction, where each came from. Keys
// and values lie elsewhere, by the numbers of the slots. One text's memory; not thread safe.
#pragma once

#include "core/base/result.h"
#include "core/spec/memory_counts.h"
#include "core/spec/memory_events.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace orrery::memory {

inline constexpr int64_t kMaxSlots = 100'000;
/// Usage that a slot keeps from one token of the text to the next.
/// Source: Santoro et al. (2016), "Meta-learning with memory-augmented neural networks", eq. 7-8.
inline constexpr double kUsageDecay = 0.99;
inline constexpr float kMaxStrength = 4;

struct StoreSettings {
    int64_t capacity = 0;       ///< slots, 1 … kMaxSlots
    double surpriseGamma = 1.0; ///< an event ends where −log p is above mean + gamma · deviation
    int64_t blockMin = 8;       ///< tokens of an event at least
    int64_t blockMax = 128;     ///< and at most
};

/// Where a token comes from.
struct TokenOrigin {
    std::string source;
    int64_t position = 0; ///< in the text
    int32_t tokenId = 0;
    int64_t step = 0;               ///< of the training, for texts that are read while it runs
    std::optional<double> surprise; ///< −log p in nats; none where nothing predicted it
    Modality modality = Modality::Text;
};

/// The newest read of a slot, or of a token that waits to be given one.
struct LastRead {
    static constexpr int64_t kNever = 0, kNotKnown = -1;
    int64_t at = kNever; ///< EpisodicStore::clock() when it had counted the token that read it
    int64_t place = 0;   ///< of that token in its text
    int32_t tokenId = 0;
    int32_t reader = -1; ///< its source, by EpisodicStore::readerOf(); −1: nobody said
    int32_t head = -1;   ///< that gave the most weight
    float weight = 0;    ///< of that head
    Modality modality = Modality::Text;
    [[nodiscard]] bool isThere() const { return at > 0; }
    /// One that comes later counts, and of one token the head with the most weight.
    void join(const LastRead &other)
    {
        if (other.at > at || (other.at == at && other.weight >= weight)) *this = other;
    }
};

struct Slot {
    int64_t event = 0;  ///< 0: free
    int64_t serial = 0; ///< of the write: the smaller, the older
    int64_t position = 0, step = 0;
    int32_t tokenId = 0;
    double usage = 0;
    float surprise = 0;                 ///< when it was read, nats, at least 0; 0: not known
    float strength = 1;                 ///< factor on what a read of it gives, 0 … kMaxStrength
    Modality modality = Modality::Text; ///< Unknown: of a file of before it was kept
    bool isPinned = false; ///< its event is: what looks at all slots for one to evict looks at nothing else
    LastRead read = {};
};

/// Cuts a text into events where it becomes surprising.
/// Source: Fountas et al. (2024), "Human-like episodic memory for infinite context LLMs", eq. 1: the
/// threshold is over the last kSurpriseWindow tokens.
class EventSegmenter {
public:
    static constexpr size_t kSurpriseWindow = 128;
    EventSegmenter(double gamma, int64_t blockMin, int64_t blockMax)
        : m_gamma(gamma), m_blockMin(blockMin), m_blockMax(blockMax)
    {
    }
    /// @param surprise none: of a token that nothing predicted, which is in no mean and surprises nobody
    /// @return whether an event begins with this token
    bool begins(std::optional<double> surprise);
    void restart() { m_length = 0; } ///< the next token begins one

private:
    double m_gamma;
    int64_t m_blockMin, m_blockMax;
    int64_t m_length = 0; ///< of the event so far; 0: none
    std::deque<double> m_recent;
};

class EpisodicStore {
public:
    explicit EpisodicStore(const StoreSettings &settings);

    /// Gives the token a free slot, or that of the token with the least usage among those that are not
    /// pinned, the oldest of them when several have the least.
    /// @param read, usage of the token while it waited; usage begins at 1
    /// @return the slot   @error OutOfMemory when all slots are pinned; counted, nothing changes
    Result<int64_t> write(const TokenOrigin &origin, const LastRead &read = {}, double usage = 1);
    /// The token is not stored, yet the text goes on with it.
    void skip(const TokenOrigin &origin);
    /// Usage fades as it does while numTokens leave the window.
    void fade(int64_t numTokens);
    /// So many tokens more have left the window: events grow older.
    void advance(int64_t numTokens) { m_numRead += numTokens; }
    /// A slot was read with this weight, from 0 to the number of tokens that read it.
    void noteRead(int64_t slot, double weight) { m_slots[static_cast<size_t>(slot)].usage += weight; }
    void noteLastRead(int64_t slot, const LastRead &read)
    {
        m_slots[static_cast<size_t>(slot)].read.join(read);
    }
    /// Tokens that were read so far, those too that wait to be stored: what reads are dated by.
    [[nodiscard]] int64_t clock() const { return m_clock; }
    void tick(int64_t numTokens) { m_clock += numTokens; }
    /// The number that stands for a source in LastRead. −1: it has no name
    int32_t readerOf(const std::string &source);
    /// Whose source was wiped since is not known any more.
    void dropWipedReader(LastRead &read) const;

    [[nodiscard]] const StoreSettings &settings() const { return m_settings; }
    [[nodiscard]] const std::vector<Slot> &slots() const { return m_slots; } ///< up to the last one ever used
    [[nodiscard]] std::string sourceOf(const Slot &slot) const;
    [[nodiscard]] MemoryStatus status() const;
    [[nodiscard]] std::vector<MemoryEvent> listEvents() const;
    Result<void> pin(int64_t event, bool isPinned);
    /// Also of its parts (isOfSource). @return the slots that are free now
    std::vector<int64_t> wipe(const std::string &source);

    struct Event {
        std::string source;
        int64_t first = 0, last = 0, numSlots = 0;
        int64_t begun = 0; ///< number of tokens that had left the window when it began, its first one too
        bool isPinned = false;
    };
    /// What an edit changed, as it was before.
    struct EditRecord {
        std::string text; ///< "forgetting event 12"
        bool isForgotten = false;
        std::vector<std::pair<int64_t, Slot>> slots; ///< by number, in the order in which they were changed
        std::optional<std::pair<int64_t, Event>> event; ///< that went with its last slot
    };
    /// Frees the slots of an event, pinned or not, or one of them.  @error NotFound; then nothing has changed
    Result<EditRecord> forget(int64_t event);
    Result<EditRecord> forgetSlot(int64_t slot);
    /// Only slots that have another strength are changed and in the record.
    /// @error NotFound, InvalidInput (factor not 0 … kMaxStrength); then nothing has changed
    Result<EditRecord> scaleEvent(int64_t event, double factor);
    Result<EditRecord> scaleSlot(int64_t slot, double factor);
    /// Takes an edit back. Those after it were taken back before, and nothing was written since.
    void revert(const EditRecord &record);
    /// Whether any slot has a strength other than 1.
    [[nodiscard]] bool hasStrengths() const { return m_numScaled > 0; }

    /// What a file holds of it.
    struct Image {
        std::vector<Slot> slots;
        struct EventRow {
            int64_t id = 0, first = 0, last = 0, begun = 0;
            bool isPinned = false;
            std::string source;
        };
        std::vector<EventRow> events;
        std::vector<std::string> readers; ///< that slots name, by LastRead::reader
        int64_t serial = 0, numRead = 0, clock = 0;
        int64_t numEvicted = kUnknownCount, numSkipped = kUnknownCount, numRefused = kUnknownCount;
    };
    [[nodiscard]] Image image() const;
    /// @error InvalidInput (more slots than capacity, a slot of no event, numbers out of range); then nothing
    /// has changed
    Result<void> restore(const Image &image);

private:
    Event &eventFor(const TokenOrigin &origin);
    [[nodiscard]] SlotRead toldRead(const LastRead &read) const;
    void release(int64_t slot);
    void setStrength(Slot &slot, float strength);
    [[nodiscard]] std::vector<int64_t> slotsOf(int64_t event) const;
    [[nodiscard]] bool isTaken(int64_t slot) const;
    EditRecord forgetAll(const std::vector<int64_t> &slots, std::string text);
    EditRecord scaleAll(const std::vector<int64_t> &slots, double factor, std::string text);
    Result<int64_t> takeSlot();

    StoreSettings m_settings;
    EventSegmenter m_segmenter;
    std::vector<Slot> m_slots;
    std::vector<int64_t> m_free;
    std::map<int64_t, Event> m_events;
    int64_t m_current = 0; ///< the event that goes on; 0: none
    int64_t m_nextEvent = 1, m_nextSerial = 1, m_numRead = 0, m_clock = 0;
    std::vector<std::string> m_readers; ///< empty: wiped
    int64_t m_numScaled = 0;            ///< slots with a strength other than 1
    int64_t m_numEvicted = 0, m_numSkipped = 0, m_numRefused = 0; ///< by countOne()
    std::string m_lastRefusal;
};

} // namespace orrery::memory
