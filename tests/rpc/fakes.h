// SPDX-License-Identifier: Apache-2.0
// Stand-ins for what an engine is made of: a trainer that only remembers, a generator that spells its prompt.
#pragma once

#include "core/base/lock_file.h"
#include "core/engine_api/generator.h"
#include "core/engine_api/trainer.h"
#include "core/rpc/client.h"
#include "core/spec/field_table.h"
#include "core/store/run_directory.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace orrery::test {

/// Looks every 5 ms until the condition holds; false after a minute. So long that only what never comes
/// fails: how soon it comes is no matter of a test.
inline bool waitFor(const std::function<bool()> &condition)
{
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    for (;;) {
        if (condition()) return true;
        if (std::chrono::steady_clock::now() > until) return condition();
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

/// A client that also waits for a server on a busy machine.
inline Result<EngineClient> connectTo(const std::string &socket)
{
    auto client = EngineClient::connect(socket, std::chrono::minutes(1));
    if (client.ok()) client->setDeadline(std::chrono::minutes(1));
    return client;
}

inline StepReport reportOf(int64_t step)
{
    return {step, 1000.0 + static_cast<double>(step), 0, {{"loss", 5.0 / static_cast<double>(step + 1)}}};
}

/// A token with the prompt's bytes, and a map for each head asked for.
inline InspectReport inspectionOf(const InspectRequest &request)
{
    InspectReport report;
    report.model = "fake@live";
    report.step = 7;
    report.layers = 1;
    report.heads = 1;
    report.tokens.push_back({.id = 1, .bytes = request.input.prompt});
    for (const HeadRef &head : request.heads) {
        AttentionMap map{.head = head, .firstRow = 0, .numRows = 3, .firstColumn = 0, .numColumns = 2};
        map.mean = {0.0F, 0.25F, 0.5F, 0.75F, 1.0F, 0.125F};
        report.maps.push_back(map);
    }
    report.token = request.token;
    return report;
}

class FakeTrainer final : public Trainer {
public:
    Result<RunState> run() override { return RunState::Finished; }
    Result<void> post(const ControlCommand &command) override
    {
        const std::lock_guard lock(m_mutex);
        if (command.verb == ControlVerb::Set && command.setting.key == "model.width")
            return Error{ErrorCode::InvalidInput,
                         "Cannot set \"model.width\": it is frozen, expected another key.",
                         "Change it in a new run."};
        m_commands.push_back(command);
        if (command.verb == ControlVerb::Pause) m_status.state = RunState::Paused;
        if (command.verb == ControlVerb::Continue) m_status.state = RunState::Running;
        return {};
    }
    /// Answers what the prompt says: "error", "never", else a report of one token with the prompt's bytes.
    Result<void> inspect(const std::shared_ptr<LiveInspection> &inspection) override
    {
        const std::string &prompt = inspection->request.input.prompt;
        if (prompt == "ended")
            return Error{ErrorCode::Conflict, "Cannot look inside: the run has ended.", "Use its checkpoint."};
        {
            const std::lock_guard lock(m_mutex);
            m_inspections.push_back(inspection);
        }
        if (prompt == "never") return {};
        if (prompt == "error")
            inspection->answer = Error{ErrorCode::InvalidInput, "Cannot look inside: bad prompt.", "Mend it."};
        else
            inspection->answer = inspectionOf(inspection->request);
        inspection->isAnswered.store(true, std::memory_order_release);
        return {};
    }
    [[nodiscard]] std::vector<std::shared_ptr<LiveInspection>> inspections() const
    {
        const std::lock_guard lock(m_mutex);
        return m_inspections;
    }
    [[nodiscard]] RunStatus status() const override
    {
        const std::lock_guard lock(m_mutex);
        return m_status;
    }
    void setStatus(const RunStatus &status)
    {
        const std::lock_guard lock(m_mutex);
        m_status = status;
    }
    [[nodiscard]] std::vector<ControlCommand> commands() const
    {
        const std::lock_guard lock(m_mutex);
        return m_commands;
    }

private:
    mutable std::mutex m_mutex;
    RunStatus m_status;
    std::vector<ControlCommand> m_commands;
    std::vector<std::shared_ptr<LiveInspection>> m_inspections;
};

/// One token per byte of the prompt, again and again, until maxTokens.
class FakeGenerator final : public Generator {
public:
    int tokenMs = 0;                   ///< time per token
    std::atomic<int> numGenerating{0}; ///< now
    std::atomic<int> mostGenerating{0};
    std::atomic<int64_t> numTokens{0}; ///< in all generations
    std::atomic<int> numCancelled{0};

    /// Of all requests so far.
    [[nodiscard]] std::vector<PromptMedia> media() const
    {
        const std::lock_guard lock(m_mutex);
        return m_media;
    }
    [[nodiscard]] ModelInfo info() const override
    {
        return {"fake@7", 7, 1234, 64, 272, "a note" + m_memoryNote};
    }
    Result<GenerateSummary> generate(const GenerateRequest &request,
                                     const std::function<bool(const GeneratedToken &)> &onToken,
                                     const std::atomic<bool> &cancel) override
    {
        if (request.prompt.empty())
            return Error{ErrorCode::InvalidInput,
                         "Cannot generate: the prompt is \"\", expected 1 byte or more.", "Write a prompt."};
        if (request.prompt == "with its memory") m_memoryNote = " Its own is of another run.";
        {
            const std::lock_guard lock(m_mutex);
            m_media.insert(m_media.end(), request.media.begin(), request.media.end());
        }
        const int now = ++numGenerating;
        if (now > mostGenerating) mostGenerating = now;
        // A hole is filled with what stands behind it, to see that it came.
        const std::string &source =
            request.infill && !request.infill->empty() ? *request.infill : request.prompt;
        GenerateSummary summary{FinishReason::MaxTokens,
                                static_cast<int64_t>(request.prompt.size()),
                                0,
                                0,
                                0.5,
                                0.25,
                                "fake@7",
                                7};
        for (int64_t i = 0; i < request.sampling.maxTokens; ++i) {
            if (tokenMs > 0) std::this_thread::sleep_for(std::chrono::milliseconds(tokenMs));
            const char byte = source[static_cast<size_t>(i) % source.size()];
            GeneratedToken token{static_cast<unsigned char>(byte), std::string(1, byte), 0.5, 0.7, {}};
            token.alternatives.push_back({1, "\xff", 0.25});
            ++numTokens;
            ++summary.generatedTokens;
            if (cancel || !onToken(token)) {
                summary.reason = FinishReason::Cancelled;
                ++numCancelled;
                break;
            }
        }
        --numGenerating;
        return summary;
    }
    Result<EvaluateSummary> evaluate(const std::string &, const std::atomic<bool> &) override
    {
        return EvaluateSummary{};
    }
    Result<InspectReport> inspect(const InspectRequest &request, const std::atomic<bool> &cancel) override
    {
        if (request.input.prompt.empty())
            return Error{ErrorCode::InvalidInput, "Cannot look inside: the prompt is empty.", "Write one."};
        while (request.input.prompt == "never" && !cancel) std::this_thread::sleep_for(std::chrono::milliseconds(2));
        if (cancel) {
            ++numCancelled;
            return Error{ErrorCode::Cancelled, "Cannot finish looking inside: it was cancelled.", ""};
        }
        return inspectionOf(request);
    }
    /// Of the prompt "layers" three, each at its pace.
    Result<InspectReport> inspectWatched(const InspectRequest &request,
                                         const std::function<void(const InspectPassAmount &)> &tell,
                                         const std::atomic<bool> &cancel) override
    {
        for (int64_t layer = 1; layer <= 3 && request.input.prompt == "layers" && !cancel; ++layer) {
            tell({.layer = layer, .layers = 3});
            std::this_thread::sleep_for(std::chrono::milliseconds(150));
        }
        return inspect(request, cancel);
    }
    /// Two bytes a token, numbered by the first one.
    [[nodiscard]] Result<std::vector<TokenPiece>> tokenize(const std::string &text) const override
    {
        if (text == "explodes")
            return Error{ErrorCode::InvalidInput, "Cannot cut the text: it explodes.", "Take another."};
        std::vector<TokenPiece> pieces;
        for (size_t i = 0; i < text.size(); i += 2)
            pieces.push_back({static_cast<unsigned char>(text[i]), text.substr(i, 2)});
        return pieces;
    }
    /// One event that says what was asked.
    Result<MemoryReport> editMemory(const MemoryEdit &edit) override
    {
        if (edit.verb == MemoryVerb::Unknown)
            return Error{ErrorCode::InvalidInput, "Cannot edit the memory: what to do is not said.",
                         "Say it."};
        if (edit.verb == MemoryVerb::Load) m_memoryNote = edit.path.empty() ? "" : " " + edit.path + " is of another run.";
        MemoryReport report;
        report.status.capacity = static_cast<int64_t>(edit.verb);
        report.events.push_back({.id = edit.event, .source = edit.source, .tokenIds = {}, .text = "\xff"});
        return report;
    }
    /// One number per byte; takes as long as a generation of as many tokens.
    Result<EmbedSummary> embed(const EmbedRequest &request, const std::atomic<bool> &cancel) override
    {
        if (request.text.empty())
            return Error{ErrorCode::InvalidInput, "Cannot embed: the text is \"\", expected 1 byte or more.",
                         "Write a text."};
        EmbedSummary summary{{}, 0, "causal", "fake@7", 7};
        for (const char byte : request.text) {
            if (tokenMs > 0) std::this_thread::sleep_for(std::chrono::milliseconds(tokenMs));
            if (cancel) {
                ++numCancelled;
                return Error{ErrorCode::Cancelled, "Cannot finish embedding: it was cancelled.", ""};
            }
            ++numTokens;
            summary.embedding.push_back(static_cast<float>(static_cast<unsigned char>(byte)) / 4);
            ++summary.tokens;
        }
        return summary;
    }

private:
    mutable std::mutex m_mutex;
    std::vector<PromptMedia> m_media;
    std::string m_memoryNote;
};

inline FrozenSpec frozenSpec(const std::string &id)
{
    FrozenSpec frozen;
    frozen.id = id;
    frozen.spec.name = id;
    frozen.spec.data.path = "/usr/include";
    frozen.spec.threads = 1;
    frozen.spec.schedule.totalSteps = frozen.spec.train.steps;
    frozen.digest = specDigest(frozen.spec);
    frozen.createdAt = 1000;
    return frozen;
}

} // namespace orrery::test
