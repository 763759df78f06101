// SPDX-License-Identifier: Apache-2.0
#include "app/engine/host/host_service.h"

#include "app/engine/host/caller_watch.h"
#include "app/engine/host/find_model.h"
#include "core/base/text.h"

#include <chrono>
#include <optional>
#include <thread>

namespace orrery {

namespace fs = std::filesystem;

namespace {

bool isFolder(const fs::path &path)
{
    std::error_code failed;
    return fs::is_directory(path, failed);
}

/// "RUN" of "RUN@live". A path that exists as written is taken whole, whatever stands behind an @ in it.
std::optional<std::string> liveRunOf(const std::string &model)
{
    static constexpr std::string_view kLive = "@live";
    if (!model.ends_with(kLive) || isFolder(model)) return std::nullopt;
    return model.substr(0, model.size() - kLive.size());
}

} // namespace

Result<GenerateSummary> HostInference::generate(const ModelRequest &request, GenerateSink &sink)
{
    ORRERY_ASSIGN(const std::string reference, findModel(m_catalogue, request.model));
    const auto isCancelled = [&] { return sink.isCancelled(); };
    for (int attempt = 0;; ++attempt) {
        Result<ModelWorkers::Lease> lease = m_workers.acquire(reference, isCancelled);
        // A worker may leave, being idle or killed, between our look at it and our request: another one is
        // started, once.
        const bool mayRetry = attempt == 0 && !sink.isCancelled();
        if (!lease.ok()) return lease.error();
        Result<EngineClient> client = EngineClient::connect(lease->socket());
        if (!client.ok()) {
            if (!mayRetry) return client.error();
            lease->awaitEnd(isCancelled);
            continue;
        }
        bool hasAnswer = false;
        Result<GenerateSummary> summary = client->generate(
            reference, request.request,
            [&](const ModelInfo &model) {
                hasAnswer = true;
                return sink.sendModel(model);
            },
            [&](const std::vector<GeneratedToken> &tokens) { return sink.sendTokens(tokens); }, {},
            [&] { return !sink.isCancelled(); });
        if (!summary.ok() && summary.error().code == ErrorCode::Unavailable && !hasAnswer && mayRetry) {
            lease->awaitEnd(isCancelled);
            continue;
        }
        return summary;
    }
}

template <typename Answer, typename Ask>
Result<Answer> HostInference::answerOf(const std::string &model, const StreamSink &caller, const Ask &ask)
{
    ORRERY_ASSIGN(const std::string reference, findModel(m_catalogue, model));
    const auto isCancelled = [&] { return caller.isCancelled(); };
    for (int attempt = 0;; ++attempt) {
        Result<ModelWorkers::Lease> lease = m_workers.acquire(reference, isCancelled);
        if (!lease.ok()) return lease.error();
        const bool mayRetry = attempt == 0 && !caller.isCancelled(); // as above
        Result<EngineClient> client = EngineClient::connect(lease->socket());
        if (!client.ok()) {
            if (!mayRetry) return client.error();
            lease->awaitEnd(isCancelled);
            continue;
        }
        const CancelToken token;
        const CallerWatch watch(caller, [&] { token.cancel(); });
        Result<Answer> answer = ask(*client, reference, token);
        if (!answer.ok() && answer.error().code == ErrorCode::Unavailable && mayRetry) {
            lease->awaitEnd(isCancelled);
            continue;
        }
        return answer;
    }
}

Result<EmbedSummary> HostInference::embed(const std::string &model, const EmbedRequest &request,
                                          const StreamSink &caller)
{
    return answerOf<EmbedSummary>(
        model, caller,
        [&](const EngineClient &client, const std::string &reference, const CancelToken &token) {
            return client.embed(reference, request, token);
        });
}

Result<MemoryReport> HostInference::editMemory(const std::string &model, const MemoryEdit &edit,
                                               const StreamSink &caller)
{
    if (const auto run = liveRunOf(model))
        return Error{
            ErrorCode::InvalidInput,
            "Cannot edit the memory of \"" + sanitizeUtf8(model) +
                "\": while a run trains, its memory is that of its current batch, expected the memory of "
                "a saved step.",
            "Use " + sanitizeUtf8(*run) + "@latest, or save a step first with control " + sanitizeUtf8(*run) + " checkpoint."};
    return answerOf<MemoryReport>(
        model, caller,
        [&](const EngineClient &client, const std::string &reference, const CancelToken &token) {
            return client.editMemory(reference, edit, token);
        });
}

Result<InspectReport> HostInference::inspect(const std::string &model, const InspectRequest &request,
                                             const StreamSink &caller)
{
    if (const auto run = liveRunOf(model)) return m_runs.inspectLive(*run, request, caller);
    return answerOf<InspectReport>(
        model, caller,
        [&](const EngineClient &client, const std::string &reference, const CancelToken &token) {
            return client.inspect(reference, request, token, [&caller](const InspectAmount &amount) {
                // Its own parts are cut anew here; how far the model is, is passed on.
                if (amount.reading.layers > 0 || amount.reading.passes > 1) caller.sendReading(amount.reading);
            });
        });
}

Result<std::vector<TokenPiece>> HostInference::tokenize(const std::string &model, const std::string &text,
                                                        const StreamSink &caller)
{
    const auto run = liveRunOf(model); // its steps have one tokenizer
    return answerOf<std::vector<TokenPiece>>(
        run ? *run + "@latest" : model, caller,
        [&](const EngineClient &client, const std::string &reference, const CancelToken &token) {
            return client.tokenize(reference, text, token);
        });
}

} // namespace orrery
