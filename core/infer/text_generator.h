// SPDX-License-Identifier: Apache-2.0
// The Generator of a loaded transformer: prompt in chunks, then one token at a time with cached keys and
// values (text_stream.h). A conversation goes on where its last turn ended: only what is new is read. A hole
// is filled likewise: both sides are read at once, then the middle comes token by token; on overflow what has
// come counts as text before the hole. A prompt that is read as a prefix sees all of itself; on overflow the
// last half of the context is such a prompt.
#pragma once

#include "core/data/tokenizer.h"
#include "core/engine_api/generator.h"
#include "core/infer/decoded_media.h"
#include "core/infer/saved_training.h"
#include "core/infer/text_stream.h"
#include "core/inspect/inspect.h"
#include "core/nn/transformer.h"
#include "core/spec/run_spec.h"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace orrery {

/// A model ready to use, with what is needed to read and write its tokens.
struct LoadedModel {
    std::unique_ptr<nn::Transformer> model;
    std::unique_ptr<Tokenizer> tokenizer;
    DataSpec data;           ///< how the model's training data were tokenized
    std::vector<std::string> stages;  ///< texts that were learned behind data.path
    std::vector<std::string> learned; ///< sources that consolidation taught it
    int64_t numLearnedMore = 0;       ///< as ModelConfig has it
    ObjectiveSpec objective;          ///< what it was trained for
    PluginsSpec plugins;
    /// Of the run that saved it; nothing: it is a model directory.
    std::optional<SavedTraining> training = std::nullopt;
    std::string run, parentRun; ///< ids of the run that made the weights, and of that it was copied from; empty: not known
    std::filesystem::path memoryFile; ///< saved with the model; each text begins with it. Need not exist
    std::string device = "cpu";
    ModelInfo info;
};

inline constexpr int64_t kEvaluateTokensPerBatch = 4096;

/// Tokens of a context that the sides of a hole leave for its middle at least: as long as holes are on
/// average.
constexpr int64_t roomForMiddle(int64_t context) { return context / 4 > 0 ? context / 4 : 1; }

/// Ids that mark the sides of a hole; those of bytes, where nothing else is said.
struct HoleMarks {
    int32_t prefix = static_cast<int32_t>(SpecialToken::InfillPrefix);
    int32_t suffix = static_cast<int32_t>(SpecialToken::InfillSuffix);
    int32_t middle = static_cast<int32_t>(SpecialToken::InfillMiddle);
};
HoleMarks holeMarks(const Tokenizer &tokenizer);
/// Both sides of a hole between their marks, as many tokens next to the hole as fit into the context. A side
/// that needs less than half of the room leaves the rest to the other one.
std::vector<int32_t> renderHole(std::span<const int32_t> before, std::span<const int32_t> after,
                                int64_t context, const HoleMarks &marks = {});
/// A hole whose middle begins with the last numAnswered tokens of `before`: what a generation that chose them
/// one by one has read behind the last one.
std::vector<int32_t> renderBegunHole(std::span<const int32_t> before, int64_t numAnswered,
                                     std::span<const int32_t> after, int64_t context,
                                     const HoleMarks &marks = {});

/// The longest prefix that a training shows (hybrid_objective.cpp): half of a context.
constexpr int64_t longestPrefix(int64_t context) { return (context + 1) / 2; }
struct PrefixedText {
    std::vector<int32_t> tokens;
    int64_t numPrefix = 0; ///< of them, from the first on, that see one another
};
/// What a generation that was given the first numGiven tokens as a prefix has read behind the last one.
/// @pre 0 < numGiven <= longestPrefix(context)
PrefixedText renderPrefixed(std::span<const int32_t> history, int64_t numGiven, int64_t context);

class TextGenerator : public Generator {
public:
    explicit TextGenerator(LoadedModel loaded) : m_loaded(std::move(loaded)) {}
    /// The note says, too, when what is remembered is of the weights of another training.
    [[nodiscard]] ModelInfo info() const override;
    Result<GenerateSummary> generate(const GenerateRequest &request,
                                     const std::function<bool(const GeneratedToken &)> &onToken,
                                     const std::atomic<bool> &cancel) override;
    Result<EvaluateSummary> evaluate(const std::string &dataPath, const std::atomic<bool> &cancel) override;
    Result<EmbedSummary> embed(const EmbedRequest &request, const std::atomic<bool> &cancel) override;
    Result<InspectReport> inspect(const InspectRequest &request, const std::atomic<bool> &cancel) override
    {
        return inspectWatched(request, {}, cancel);
    }
    Result<InspectReport> inspectWatched(const InspectRequest &request, const TellReading &tell,
                                         const std::atomic<bool> &cancel) override;
    Result<MemoryReport> editMemory(const MemoryEdit &edit) override;
    Result<void> loadMemory(const std::filesystem::path &path) override;
    Result<void> saveMemory(const std::filesystem::path &path) override;
    Result<Consolidation> consolidate(const ConsolidateRequest &request,
                                      const std::atomic<bool> &cancel) override;
    [[nodiscard]] Result<std::vector<TokenPiece>> tokenize(const std::string &text) const override
    {
        return m_loaded.tokenizer->tokenize(text);
    }

private:
    /// What is read of a request, and what has come of it.
    struct Prompt {
        std::vector<int32_t> history;                ///< before the next token; grows
        int64_t numGiven = 0;                        ///< of history, before the answer begins
        std::optional<std::vector<int32_t>> after;   ///< behind the hole, when there is one
        std::shared_ptr<const MediaPositions> media; ///< of history as it was given; null: it is all text
        int64_t keptFrom = 0;                        ///< as MixedText::keptFrom
        int64_t numTokens = 0;                       ///< of the request, with marks
        bool isPrefix = false;                       ///< what is given sees all of itself
    };
    [[nodiscard]] Result<void> checkKind(const GenerateRequest &request) const;
    [[nodiscard]] Result<void> checkMask(const GenerateRequest &request) const;
    [[nodiscard]] Result<void> checkPrefix(const Prompt &prompt) const;
    Result<Prompt> makePrompt(const GenerateRequest &request); ///< with the answer's beginning
    Result<Prompt> makeGiven(const GenerateRequest &request);
    Result<void> addAnswer(const GenerateRequest &request, Prompt &prompt) const;
    Result<Prompt> makeMediaPrompt(const GenerateRequest &request);
    Result<Prompt> makeHole(const GenerateRequest &request) const;
    /// One of the texts that the model's run kept frames of.
    Result<Prompt> makeKept(const GenerateRequest &request, int32_t number, const std::atomic<bool> &cancel);
    TextStream &stream();
    /// Makes the stream that knows most of a text the one that reads it, and keeps what that would lose of
    /// another.
    /// @param start Anew: it is going to be restarted, so that it needs nothing of what is kept
    void chooseStream(const MixedText &text, TextStream::Start start);
    /// All that stands before the next token. @return false when cancelled
    bool readPrompt(const GenerateRequest &request, const Prompt &prompt, const std::atomic<bool> &cancel);
    /// Token number `index` of a generation, by the logits behind what was read. @param sampler may be null
    Result<struct TokenChoice> drawToken(class Sampler *sampler, const Prompt &prompt,
                                         const SamplingSettings &settings, int64_t index);
    /// Tells the stream what it is going to read, for parts that note where they have something from.
    void nameSources(const GenerateRequest &request, const Prompt &prompt);
    Result<GenerateSummary> generateTokens(const GenerateRequest &request,
                                           const std::function<bool(const GeneratedToken &)> &onToken,
                                           const std::atomic<bool> &cancel);
    /// What a token ends, if it does.
    [[nodiscard]] std::optional<FinishReason> endBy(int32_t id, const GenerateRequest &request) const;
    [[nodiscard]] GeneratedToken describe(const struct TokenChoice &choice) const;

    /// From the state that the stream had there (said_inspector.cpp). @return nothing: it is not kept
    Result<std::optional<InspectReport>> lookAsSaid(const InspectRequest &request, const Prompt &prompt,
                                                    const std::atomic<bool> &cancel, const TellReading &tell);
    Result<void> openOwnMemory();
    /// Whether an answer is written with something that was remembered before its text.
    [[nodiscard]] bool beginsTextsWithMemory() const;
    Result<MemoryReport> editOpened(const MemoryEdit &edit);
    Result<MemoryReport> editFile(const MemoryEdit &edit);
    Result<void> editStream(const MemoryEdit &edit, MemoryReport &report);
    /// Reads the last token of an answer, which nothing came behind: then the memory is that of the whole
    /// text.
    void catchUp();
    Result<Consolidation> consolidateInto(const ConsolidateRequest &request, const std::atomic<bool> &cancel);

    LoadedModel m_loaded;
    DecodedMedia m_decoded;               ///< of the request before
    std::map<int32_t, KeptText> m_keptTexts; ///< that were looked at, by their numbers
    std::unique_ptr<TextStream> m_stream; ///< made when first needed
    /// What other answers have read, the newest last, so that one may branch from them.
    std::vector<std::unique_ptr<TextStream>> m_otherStreams;
    std::vector<float> m_changed_V;  ///< logits that a sampler changed; used again
    bool m_isMemoryChosen = false;   ///< a file was loaded, or the model's own was looked for
    std::filesystem::path m_memoryFile; ///< that one; empty: texts begin with nothing
    std::string m_memoryNote;           ///< what a reader of that file should know
    std::vector<int32_t> m_lastText; ///< read and answered, where the stream may read on; else empty
    std::shared_ptr<const MediaPositions> m_lastMedia; ///< of m_lastText; null: it is all text
};

/// @error InvalidInput: `asSaid` with something that was not so when it was said
Result<void> checkAsSaid(const InspectRequest &request);
/// What is said where the state that an answer was said with is gone, and what to do.
std::string notKeptNote();

/// Ids of a text. @param action for the error, "continue the prompt with" @error InvalidInput when the model
/// has no room for one
Result<std::vector<int32_t>> encodeFor(const LoadedModel &loaded, const std::string &text,
                                       const std::string &action);

/// Mean of the final hidden states over all tokens (see Generator::embed). A text longer than a context is
/// read in windows of equal length.
Result<EmbedSummary> embedText(LoadedModel &loaded, const EmbedRequest &request,
                               const std::atomic<bool> &cancel);

/// Loss over a data path with a loaded model (see Generator::evaluate). A last window shorter than a context
/// is measured too, so that every token behind the first is a target exactly once.
Result<EvaluateSummary> evaluateText(LoadedModel &loaded, const std::string &dataPath,
                                     const std::atomic<bool> &cancel);

} // namespace orrery
