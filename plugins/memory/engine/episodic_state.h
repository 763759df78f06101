// SPDX-License-Identifier: Apache-2.0
// What an episodic memory keeps of a cache: the tokens of the window, which nobody may read from it yet, and
// a store for each sequence. Only the thread that owns the model. Axes as in episodic_memory.h; P pending.
#pragma once

#include "core/nn/transformer.h"
#include "plugins/memory/engine/episodic_file.h"
#include "plugins/memory/engine/episodic_memory.h"
#include "plugins/memory/engine/episodic_read.h"

namespace orrery::memory {

/// What the memory of a model knows before its first pass.
struct StateShape {
    int64_t numHeads = 1, headWidth = 1;
    int64_t window = 1;
    at::Device device = at::kCPU;
    int64_t layer = -1;        ///< of the memory; −1: nobody said
    int64_t numModalities = 1; ///< of the model; 1: all is text
};

class EpisodicState final : public nn::PartState, public MemoryControl, public KeepsMemoryOrigin {
public:
    EpisodicState(const EpisodicSettings &settings, const StateShape &shape, int64_t batch);
    [[nodiscard]] std::shared_ptr<nn::PartState> clone() const override;
    /// Stores what waits, too. What is remembered then is of before the text that comes: its first token has
    /// place 0, and all may be read from there on.
    void endText(const nn::KvCache &cache) override;

    Result<Consolidation> consolidate(nn::Transformer &model,
                                      const std::vector<std::vector<int32_t>> &background,
                                      const ConsolidationSettings &settings,
                                      const std::atomic<bool> &cancel) override;

    /// What came with a pass.
    struct Pass {
        at::Tensor keys_BHTD, values_BHTD; ///< as they are stored: keys normed
        at::Tensor ids_BT;                 ///< int64, on the CPU
        int64_t place = 0;                 ///< of the first token in the text
        int64_t step = 0;
        std::vector<std::string> source_T;
        std::vector<Modality> modality_BT = {}; ///< empty: all is text
        [[nodiscard]] Modality modalityAt(size_t place_BT) const
        {
            return modality_BT.empty() ? Modality::Text : modality_BT[place_BT];
        }
    };
    /// Tokens that have left the window of every query from `place` on move into the stores.
    /// @param surprise_BT of the pass before; may be undefined
    void settle(int64_t place, const at::Tensor &surprise_BT);
    /// Tokens of the pass that are not known yet join those that wait.
    void append(const Pass &pass);
    /// The first token of the text that is not known yet.
    [[nodiscard]] int64_t nextPlace() const { return m_nextPlace; }
    /// All of a sequence that may be read: the store, then what waits.
    [[nodiscard]] std::vector<ReadPart> parts(int64_t sequence) const;
    /// What is left of the usage that a read by each query of the last append() gave, when the last of them has
    /// read: fp32 [T], on the model's device; undefined: all 1. Usage is so what it would be token by token.
    [[nodiscard]] const at::Tensor &shares() const { return m_shares_T; }
    /// What the tokens of a pass read of parts(sequence), as they were behind its append().
    void noteRead(int64_t sequence, const ReadResult &result, const Pass &pass);
    /// What stands in each key of parts(sequence), in their order: who looks asks for it.
    struct Contents {
        at::Tensor events_S, places_S; ///< int64; event −1: it waits
    };
    [[nodiscard]] Contents contents(int64_t sequence) const;
    /// Place from which on a query has anything to read.
    [[nodiscard]] int64_t firstReader(int64_t sequence) const;
    /// Of the token before nextPlace(), before the shift; undefined at the beginning.
    at::Tensor lastKey_BH1D;
    std::string lastSource; ///< of the same token

    MemoryControl *memory() override { return this; }
    [[nodiscard]] MemoryStatus status() const override { return m_sequences.front().store.status(); }
    [[nodiscard]] std::vector<MemoryEvent> listEvents() const override;
    Result<void> pin(int64_t event, bool isPinned) override
    {
        return m_sequences.front().store.pin(event, isPinned);
    }
    int64_t wipe(const std::string &source) override;
    [[nodiscard]] Result<void> save(const std::filesystem::path &path) const override;
    Result<void> load(const std::filesystem::path &path) override;
    [[nodiscard]] const MemoryOrigin &origin() const override { return m_origin; }
    void setOrigin(const MemoryOrigin &origin) override { m_origin = origin; }
    /// Tokens that are stored only: those of the window are as they were. The last kMaxUndoSteps edits can be
    /// taken back until a pass reads tokens, again or for the first time, a source is wiped or a file loaded.
    Result<int64_t> change(const MemoryEdit &edit) override;
    [[nodiscard]] std::string undoText() const override
    {
        return m_undo.empty() ? std::string() : m_undo.back().record.text;
    }
    Result<std::vector<float>> similarity(int64_t maxEvents, std::vector<int64_t> &events) const override;

    static constexpr size_t kMaxUndoSteps = 16;
    static constexpr int64_t kMaxUndoBytes = int64_t{256} << 20;

private:
    struct Sequence {
        explicit Sequence(const StoreSettings &settings) : store(settings) {}
        EpisodicStore store;
        at::Tensor keys_HSD, values_HSD; ///< with room for more slots than there are
        std::vector<int64_t> readableFrom;
    };
    struct Waiting {
        int64_t place = 0, step = 0;
        std::string source;
        bool isWiped = false;
        std::vector<int32_t> ids_B;
        std::vector<float> surprise_B; ///< NaN: nobody knows
        std::vector<double> usage_B;   ///< of one that has left the window
        std::vector<Modality> modality_B;
        std::vector<LastRead> read_B;
    };
    /// An edit, and what the freed slots held: R of them, in the order of the record.
    struct UndoStep {
        EpisodicStore::EditRecord record;
        at::Tensor keys_HRD, values_HRD;
        std::vector<int64_t> readableFrom;
        [[nodiscard]] int64_t numBytes() const;
    };
    void leaveWindow(const Pass &pass);
    void storeFirst(int64_t count);
    void keepForUndo(UndoStep step);
    int64_t takeAway(EpisodicStore::EditRecord record);
    Result<int64_t> undo();
    void writeSlots(Sequence &sequence, int64_t index, int64_t count, const std::vector<bool> &isKept);
    [[nodiscard]] std::vector<bool> worthKeeping(int64_t index, int64_t count) const;
    [[nodiscard]] at::Tensor nearestStored(int64_t index, const at::Tensor &keys_HCD) const;
    void adopt(const at::TensorOptions &options);
    static void makeRoom(Sequence &sequence, int64_t numSlots, const at::Tensor &like_HPD, int64_t capacity);

    EpisodicSettings m_settings;
    StateShape m_shape;
    MemoryOrigin m_origin;
    int64_t m_nextPlace = 0;
    int64_t m_numAppended = 0; ///< by the last pass: those whose surprise is still to come
    int64_t m_numLeft = 0;     ///< that wait and have left the window of the last query: all usage has faded by them
    at::Tensor m_shares_T;
    std::vector<Sequence> m_sequences;
    std::vector<Waiting> m_waiting;
    std::vector<UndoStep> m_undo;          ///< of the first sequence, oldest first
    at::Tensor m_keys_BHPD, m_values_BHPD; ///< of those that wait
};

} // namespace orrery::memory
