// SPDX-License-Identifier: Apache-2.0
// A loaded model that continues prompts and measures texts. One caller at a time; cancellation from any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/generation.h"
#include "core/spec/inspection.h"
#include "core/spec/memory_events.h"

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace orrery {

struct ModelInfo {
    std::string name;       ///< "RUN@step" or directory
    int64_t step = -1;      ///< -1: unknown
    uint64_t numParameters = 0;
    int64_t context = 0;
    int64_t vocabSize = 0;
    std::string note;       ///< "checkpoint 1200 is damaged (tensor …); loaded 1000", shown to the user
};

/// What a memory teaches the model's own weights, and where the changed model goes.
struct ConsolidateRequest {
    std::string dataPath;  ///< texts of all kinds: what they need stays; empty: what the model was trained on
    std::string directory; ///< a new model directory; the loaded model is as before when it is written
    ConsolidationSettings settings;
};

class Generator {
public:
    virtual ~Generator() = default;
    [[nodiscard]] virtual ModelInfo info() const = 0;
    /// Streams tokens; onToken returns false to stop. @error InvalidInput (prompt or settings; a hole for a model that
    /// was not trained to fill them), OutOfMemory, Cancelled
    virtual Result<GenerateSummary> generate(const GenerateRequest &request,
                                             const std::function<bool(const GeneratedToken &)> &onToken,
                                             const std::atomic<bool> &cancel) = 0;
    /// Loss over a text or data path, in windows of one context, in order, without overlap.
    virtual Result<EvaluateSummary> evaluate(const std::string &dataPath, const std::atomic<bool> &cancel) = 0;
    /// A text as one vector. @error InvalidInput (no text), OutOfMemory, Cancelled
    virtual Result<EmbedSummary> embed(const EmbedRequest &request, const std::atomic<bool> &cancel) = 0;

    /// Attention, candidates, lens and attribution of a text, read anew. @error InvalidInput (longer than the context; a layer,
    /// head, row or token that does not exist; a size out of range), OutOfMemory, Cancelled
    virtual Result<InspectReport> inspect(const InspectRequest &request, const std::atomic<bool> &cancel) = 0;
    /// The same, which tells how far it is: before each layer, on the thread of the caller. By itself it tells nothing.
    virtual Result<InspectReport> inspectWatched(const InspectRequest &request,
                                                 const std::function<void(const InspectPassAmount &)> &,
                                                 const std::atomic<bool> &cancel)
    {
        return inspect(request, cancel);
    }

    /// What the model remembers beside its window of the text that it read last, after an edit.
    /// @error NotFound (no memory, no such event), InvalidInput (no verb)
    virtual Result<MemoryReport> editMemory(const MemoryEdit &) { return withoutMemory("").error(); }
    /// Each text begins with what the file holds, from now on; with nothing, where path is empty. @error NotFound (no file, or the model has no
    /// memory), Io, InvalidInput; nothing changes then
    virtual Result<void> loadMemory(const std::filesystem::path &path) { return withoutMemory(path); }
    /// Everything that was read and answered, also what is within the window still. @error NotFound, Io
    virtual Result<void> saveMemory(const std::filesystem::path &path) { return withoutMemory(path); }
    /// @error NotFound, InvalidInput, Conflict (the directory is not empty), Io, Cancelled
    virtual Result<Consolidation> consolidate(const ConsolidateRequest &request, const std::atomic<bool> &)
    {
        return withoutMemory(request.directory).error();
    }

    /// A text as the tokenizer of the model cuts it. Any thread, also while another call is under way.
    /// @error InvalidInput (a text that the tokenizer cannot cut), Unavailable (there is none)
    [[nodiscard]] virtual Result<std::vector<TokenPiece>> tokenize(const std::string &) const
    {
        return Error{ErrorCode::Unavailable, "Cannot show tokens: the model has no tokenizer of its own.", ""};
    }

protected:
    static Result<void> withoutMemory(const std::filesystem::path &path)
    {
        const std::string object = path.empty() ? "a memory" : "the memory \"" + path.string() + '"';
        return Error{ErrorCode::NotFound, "Cannot use " + object + ": the model has none.",
                     "Train it with plugins.memory.episodic_size above 0."};
    }
};

} // namespace orrery
