// SPDX-License-Identifier: Apache-2.0
// A model that reads one growing text: keys and values of what fits into the context stay in a cache, so that
// a text that goes on where it ended costs only its new tokens. When the cache is full, the last context/2
// tokens (at least one) are kept and read again from position 0: positions must start anew, because learned
// ones end at the context, and rotating ones never saw more. Parts of the model that remember
// (KvCache::parts) keep what they have, and a text that differs goes on from a state that was kept
// (stream_snapshots.h), where they can be copied; for the others a text longer than the context begins with
// its last tokens. Only the thread that owns the model.
#pragma once

#include "core/inspect/mixed_text.h"
#include "core/infer/stream_snapshots.h"
#include "core/nn/transformer.h"
#include "core/spec/memory_origin.h"

#include <ATen/core/Tensor.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace orrery {

inline constexpr int64_t kPrefillChunk = 256; ///< tokens between two looks at `cancel`
inline constexpr int64_t kFewTokens = 16;     ///< that are read one by one behind a state

/// Tokens of a text that are read again when the cache is full.
constexpr int64_t keptAfterOverflow(int64_t context) { return context / 2 > 0 ? context / 2 : 1; }

class TextStream {
public:
    /// @param step of the training that the weights are of; parts note it. Below 0: not known
    TextStream(nn::Transformer &model, at::Device device, int64_t step = -1);

    /// Whose the weights are: files say it from now on, and those of other tokens are refused.
    void setOrigin(MemoryOrigin origin) { m_origin = std::move(origin); }
    /// As the file that each text begins with says.
    [[nodiscard]] MemoryOrigin loadedOrigin() const;
    /// Nothing was read. What each text begins with is copied only where something was read since.
    void restart();
    /// What the text is called that is going to be read, and what it is made of (KvCache::sources). With a
    /// model that remembers, a text of another name begins anew.
    void setSources(const std::string &name, std::vector<TextSource> sources);
    /// The memory of the text, for looking at; nullptr: the model has none.
    [[nodiscard]] const MemoryControl *memory() const;
    /// A cache for another text of at most `capacity` tokens, which begins at place 0 with all that is
    /// remembered as if this text ended here. A copy: nothing of it comes back.
    /// @error NotFound (no memory, or one that is of one text only)
    [[nodiscard]] Result<nn::KvCache> cacheBehindMemory(int64_t capacity);
    /// From the text's memory, and from what further texts begin with. @return slots freed from the former
    int64_t wipe(const std::string &source);
    /// @error NotFound
    Result<void> pin(int64_t event, bool isPinned);
    /// Forget, ForgetSlot, Scale or Undo, in the text's memory and in what further texts begin with, where
    /// that has the same event. @return slots freed from the former  @error as MemoryControl::change
    Result<int64_t> change(const MemoryEdit &edit);
    /// Begins each text with what a file holds, from now on; of a source that is read again nothing is taken.
    /// @error NotFound (no file, or the model has no episodic memory, or one that no text can begin with),
    /// Io, InvalidInput (that of a model with other tokens, too); then nothing changes
    Result<void> loadMemory(const std::filesystem::path &path);
    void dropMemory(); ///< each text begins with nothing, from now on
    /// What a file holds, for itself: nothing that is read, or that texts begin with, has to do with it.
    /// @error as loadMemory
    Result<nn::KvCache> cacheWithFile(const std::filesystem::path &path);
    /// The memory, as if the text ended here. @return how much was stored and refused then  @error NotFound, Io
    Result<MemoryStatus> saveMemory(const std::filesystem::path &path);
    /// What is remembered, to the weights. @error as nn::PartState::consolidate
    Result<Consolidation> consolidate(const std::vector<std::vector<int32_t>> &background,
                                      const ConsolidationSettings &settings, const std::atomic<bool> &cancel);
    /// Whether each text begins with something that is remembered.
    [[nodiscard]] bool beginsWithMemory() const;
    /// What each text begins with.
    [[nodiscard]] std::vector<MemoryEvent> loadedEvents() const;
    /// How tokens of a text were read: from what, and in which passes.
    struct Passes {
        /// Of its own: it has read what this stream had read, in the same passes, before the first of these, which begins at
        /// its numTokens(), and has room for them in its context. Nothing of it comes back.
        std::unique_ptr<TextStream> before;
        std::vector<int64_t> ends; ///< tokens of the text behind each of them
        bool areAll = true;        ///< of one context; false: there are more than kMaxPasses, and these are about the token
        bool areKept = true;       ///< false: the first ones are missing, whose state is not kept and that cannot be read anew
    };
    static constexpr int64_t kMaxPasses = 512;
    /// The passes in which these tokens came, as far as one context has them: those behind it are left out.
    /// @param tokens within the text, one or more  @param token one of them, that matters most
    /// @return before null: this text was not read, or nothing of what was remembered there is kept (any more); or cancelled
    [[nodiscard]] Passes passesOf(const MixedText &text, const MediaPositions::Range &tokens, int64_t token,
                                  const std::atomic<bool> &cancel) const;
    /// Tokens of the text when its context began; those before them were read in another one, too.
    [[nodiscard]] int64_t windowBegin() const { return m_windows.empty() ? 0 : m_windows.back().numBefore; }
    /// Of such a stream, where it ends: keys, values and what is remembered.
    [[nodiscard]] nn::KvCache takeCache() { return std::move(m_cache); }
    [[nodiscard]] int64_t origin() const { return m_cache.origin; }        ///< place of the context's first token
    [[nodiscard]] int64_t numTokens() const { return std::ssize(m_text); } ///< read, or let go in front of the context
    /// Reads on until all of `text` was read; begins anew where it differs from what was read before. A
    /// picture or recording is read in one piece, or not at all where it has no room any more.
    /// @param text not empty   @return false when cancelled between two chunks; what was read stays read
    bool advanceTo(const MixedText &text, const std::atomic<bool> &cancel);
    /// As advanceTo() with the first numGiven tokens, then with one more at a time: what leaves the context
    /// is what leaves it while an answer of these tokens is generated. What is in the cache of it is not read
    /// again.
    /// @param start Anew: as behind restart(), whatever was read before  @param numGiven 1 … size of the text
    enum class Start : uint8_t { Anew, WhereItEnded };
    bool goOn(const MixedText &text, int64_t numGiven, Start start, const std::atomic<bool> &cancel);
    /// Tokens that the stream and the text begin with. 0: nothing can go on from it
    [[nodiscard]] int64_t numCommon(const MixedText &text) const;
    /// Tokens that are lost when a text goes on behind the first `count` of them.
    [[nodiscard]] int64_t numBehind(int64_t count) const { return std::ssize(m_text) - count; }
    /// Holds what another stream of the same model holds, which keeps it. Not with one that remembers.
    void copyFrom(const TextStream &other);
    /// In one pass: a rendered hole or a prefix, which no other text goes on from; at most a context of
    /// tokens.
    /// @param start WhereItEnded: what the cache has of the same hole or prefix is not read again
    /// @param numPrefix of the tokens, from the first on, that see one another
    bool readTogether(std::span<const int32_t> tokens, Start start, const std::atomic<bool> &cancel,
                      int64_t numPrefix = 0);
    /// One more behind readTogether(); the cache must have room.
    bool append(int32_t token, const std::atomic<bool> &cancel);

    [[nodiscard]] int64_t numBytes() const; ///< of keys and values
    [[nodiscard]] bool isFull() const { return m_cache.length >= m_context; }
    /// Tokens of the last advanceTo() that had been read before it.
    [[nodiscard]] int64_t numReused() const { return m_numReused; }
    /// Behind the last token read.
    [[nodiscard]] std::span<const float> logits_V() const
    {
        return {m_logits_V.const_data_ptr<float>(), static_cast<size_t>(m_logits_V.numel())};
    }

private:
    void fillParts();
    /// Keeps the state to go back to, once in a while or where something that was given ends.
    void keepState(bool isEnd);
    /// To the nearest state that was kept and that the text begins with. @return false: there is none
    bool goBack(const MixedText &text);
    /// All but the rows of the cache.
    void takeState(const StreamSnapshot &state);
    /// How all of a text was read; its last token, or the picture from `begin` on that it is of, may be still to come.
    /// @param how out, without the text  @return false: it was not
    bool wasRead(const MixedText &text, int64_t begin, LeftText &how) const;
    /// Of its own, where the state is; null: where a text that was read so begins.
    [[nodiscard]] std::unique_ptr<TextStream> readerFrom(const StreamSnapshot *state, const LeftText &how) const;
    void leaveText();  ///< another one takes its place
    void dropStates(); ///< what they remember is not what is remembered now
    /// Lets go in front of the context what a pass over `count` tokens has no room for.
    void makeRoom(const MixedText &text, int64_t count);
    /// Before the cache's rows behind the first `length` are written over. @return false: there is no room
    /// for what states need of them, and no state any more
    bool keepRows(int64_t length);
    [[nodiscard]] int64_t numPartBytes() const; ///< about, of a copy of what parts remember
    void keepCommonStart(const MixedText &text);
    /// Whether the text goes on behind all that was read.
    [[nodiscard]] bool endsWithin(const MixedText &text) const;
    /// Tokens that goOn() goes on behind. 0: not all of what is given was read, or within another context
    [[nodiscard]] int64_t numKnown(const MixedText &text, int64_t numGiven, Start start) const;
    /// @param common as numKnown()
    void takeBackTo(const MixedText &text, int64_t common);
    bool readRest(const MixedText &text, const std::atomic<bool> &cancel);
    /// Where the context began behind which token number `count` of the text was said.
    [[nodiscard]] int64_t originBehind(int64_t count) const;
    /// To be written: it is of these weights, unless it began with what those of another training wrote.
    void claim(MemoryControl &memory) const;
    /// In what further texts begin with. @return whether it has what the edit is about
    bool changeLoaded(const MemoryEdit &edit, int64_t event);
    /// Tokens of a text without room that go on in a new context.
    [[nodiscard]] int64_t numKept(const MixedText &text) const;
    /// The cache is empty and begins with token number `origin` of the text, for the tokens behind those
    /// read.
    void moveStartTo(int64_t origin, const MixedText &text);
    /// Tokens from number `begin` of the text on, with what of them is not text.
    void readMixed(std::span<const int32_t> tokens, int64_t begin);
    void readChunk(std::span<const int32_t> tokens, const nn::ModalityInput *modalities = nullptr,
                   int64_t numPrefix = 0);

    nn::Transformer &m_model;
    at::Device m_device;
    int64_t m_context;
    int64_t m_step;
    MemoryOrigin m_origin;
    bool m_remembers;
    nn::KvCache m_cache;
    std::map<std::string, std::shared_ptr<nn::PartState>> m_loaded; ///< by part: what each text begins with
    std::string m_name;                                             ///< of the text
    std::vector<TextSource> m_sources;
    /// The tokens before the next one to read, of which the cache holds those from m_cache.origin on: its
    /// size is always origin + length. What stands before origin may never have been read.
    std::vector<int32_t> m_text;
    std::shared_ptr<const MediaPositions> m_media; ///< of m_text; null: it is all text
    std::vector<StreamWindow> m_windows; ///< of m_text, in its order; before the first one: origin 0
    int64_t m_numSeen =
        0; ///< tokens that parts of the model have seen: more than m_text while some are read again
    at::Tensor m_logits_V;
    int64_t m_numReused = 0;
    bool m_isUnread = true; ///< the cache is as restart() leaves it
    bool m_isWhole = true;  ///< false: nothing can go on from what the cache holds, a pass threw
    bool m_isHole = false;  ///< m_text is a hole and its sides, or begins with a prefix
    int64_t m_numPrefix = 0; ///< tokens of m_text that saw one another
    StreamSnapshots m_snapshots; ///< of texts with this name, behind what each text begins with now
    std::vector<LeftText> m_left; ///< likewise, the newest last
    bool m_isFromStart = true;    ///< as StreamSnapshot::isFromStart
    bool m_isLeft = false;        ///< m_left has all of m_text
    std::vector<int64_t> m_passEnds; ///< of m_text, as StreamSnapshot::passEnds
    int64_t m_keptAt = 0;        ///< tokens of the text when a state of it was kept last
    int64_t m_keepEvery = 0;     ///< tokens
    bool m_canGoBack = true;     ///< false: a part cannot be copied
    std::vector<bool> m_hasChangedLoaded; ///< of each change() since the last pass, whether it did that
};

} // namespace orrery
