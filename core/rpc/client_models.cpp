// SPDX-License-Identifier: Apache-2.0
// What a client asks a model.
#include "core/rpc/client_calls.h"

namespace orrery {

namespace {

constexpr auto kBatchDeadline = std::chrono::hours(24);

} // namespace

Result<GenerateSummary>
EngineClient::generate(const std::string &model, const GenerateRequest &request,
                       const std::function<bool(const ModelInfo &)> &onModel,
                       const std::function<bool(const std::vector<GeneratedToken> &)> &onTokens,
                       const CancelToken &token, const std::function<bool()> &onQuiet) const
{
    v1::GenerateRequest message;
    toMessage(ModelRequest{model, request}, message);
    ORRERY_TRY(checkRequestSize(message.ByteSizeLong(), "generate with", model));
    GenerateSummary summary;
    bool hasSummary = false;
    bool isStopped = false;
    const auto onResponse = [&](const v1::GenerateResponse &response) {
        if (response.has_model() && onModel) isStopped = !onModel(fromMessage(response.model()));
        if (!isStopped && response.tokens_size() > 0) {
            std::vector<GeneratedToken> tokens;
            for (const v1::GeneratedTokenMessage &one : response.tokens()) tokens.push_back(fromMessage(one));
            summary.generatedTokens += static_cast<int64_t>(tokens.size());
            if (onTokens) isStopped = !onTokens(tokens);
        }
        if (response.has_summary()) {
            summary = fromMessage(response.summary());
            hasSummary = true;
        }
        return !isStopped;
    };
    std::function<bool()> onQuietStop;
    if (onQuiet)
        onQuietStop = [&] {
            isStopped = !onQuiet();
            return !isStopped;
        };
    ORRERY_TRY((m_impl->stream<v1::InferenceService::Stub, v1::GenerateRequest, v1::GenerateResponse>(
        *m_impl->inference, &v1::InferenceService::Stub::PrepareAsyncGenerateText, message, onResponse,
        onQuietStop, "generate with", model, token)));
    if (isStopped) {
        summary.reason = FinishReason::Cancelled;
        if (summary.model.empty()) summary.model = model;
        return summary;
    }
    if (!hasSummary)
        return Error{ErrorCode::Io,
                     "Cannot finish the generation with \"" + model +
                         "\": the stream ended without its summary.",
                     "Try again."};
    return summary;
}

Result<EmbedSummary> EngineClient::embed(const std::string &model, const EmbedRequest &request,
                                         const CancelToken &token) const
{
    v1::EmbedRequest message;
    message.set_model(wire::utf8(model));
    message.set_text(request.text);
    v1::EmbedReply reply;
    ORRERY_TRY(m_impl->unary(*m_impl->inference, &v1::InferenceService::Stub::Embed, message, reply,
                             Milliseconds(0), "embed a text with", model, &token));
    return fromMessage(reply);
}

Result<MemoryReport> EngineClient::editMemory(const std::string &model, const MemoryEdit &edit,
                                              const CancelToken &token) const
{
    v1::MemoryRequest message;
    toMessage(edit, message);
    message.set_model(wire::utf8(model));
    v1::MemoryReply reply;
    ORRERY_TRY(m_impl->unary(*m_impl->inference, &v1::InferenceService::Stub::EditMemory, message, reply,
                             Milliseconds(0), "look into the memory of", model, &token));
    return fromMessage(reply);
}

Result<InspectReport> EngineClient::inspect(const std::string &model, const InspectRequest &request,
                                            const CancelToken &token,
                                            const std::function<void(const InspectAmount &)> &onAmount) const
{
    v1::InspectQuery message;
    toMessage(request, message);
    message.set_wants_progress(static_cast<bool>(onAmount));
    message.mutable_input()->set_model(wire::utf8(model));
    return m_impl->inspected(*m_impl->inference, &v1::InferenceService::Stub::PrepareAsyncInspectInParts,
                             &v1::InferenceService::Stub::Inspect, message, "look into", model, token,
                             request, onAmount);
}

Result<std::vector<TokenPiece>> EngineClient::tokenize(const std::string &model, const std::string &text,
                                                       const CancelToken &token) const
{
    v1::TokenizeRequest message;
    message.set_model(wire::utf8(model));
    message.set_text(text);
    ORRERY_TRY(checkRequestSize(message.ByteSizeLong(), "show the tokens of", model));
    v1::TokenizeReply reply;
    ORRERY_TRY(m_impl->unary(*m_impl->inference, &v1::InferenceService::Stub::Tokenize, message, reply,
                             Milliseconds(0), "show the tokens of", model, &token));
    std::vector<TokenPiece> pieces;
    pieces.reserve(static_cast<size_t>(reply.pieces_size()));
    for (const v1::TokenPieceMessage &piece : reply.pieces()) pieces.push_back({piece.id(), piece.text()});
    return pieces;
}

Result<std::vector<BatchResult>> EngineClient::batchGenerate(const std::vector<ModelRequest> &requests,
                                                             const CancelToken &token) const
{
    v1::BatchGenerateRequest message;
    for (const ModelRequest &request : requests) toMessage(request, *message.add_requests());
    if (!requests.empty()) ORRERY_TRY(checkRequestSize(message.ByteSizeLong(), "generate with", requests.front().model));
    v1::BatchGenerateResponse reply;
    ORRERY_TRY(m_impl->unary(*m_impl->inference, &v1::InferenceService::Stub::BatchGenerate, message, reply,
                             Milliseconds(kBatchDeadline), "generate with",
                             requests.empty() ? std::string("no request") : requests.front().model, &token));
    std::vector<BatchResult> results;
    for (const v1::BatchGenerateResult &result : reply.results()) results.push_back(fromMessage(result));
    return results;
}

} // namespace orrery
