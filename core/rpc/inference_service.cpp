// SPDX-License-Identifier: Apache-2.0
// What a model is asked.
#include "core/rpc/service_calls.h"

namespace orrery {

namespace {

class GenerateWriter final : public WriterSink<GenerateSink, v1::GenerateResponse> {
public:
    using WriterSink::WriterSink;
    bool sendModel(const ModelInfo &model) override
    {
        v1::GenerateResponse message;
        toMessage(model, *message.mutable_model());
        return write(message);
    }
    bool sendTokens(const std::vector<GeneratedToken> &tokens) override
    {
        v1::GenerateResponse message;
        for (const GeneratedToken &token : tokens) toMessage(token, *message.add_tokens());
        return write(message);
    }
    bool sendSummary(const GenerateSummary &summary)
    {
        v1::GenerateResponse message;
        toMessage(summary, *message.mutable_summary());
        return write(message);
    }
};

/// Gathers the text of one generation of a batch.
class TextGatherer final : public GenerateSink {
public:
    TextGatherer(grpc::ServerContext &context, CallMeter &meter) : m_context(context), m_meter(meter) {}
    [[nodiscard]] bool isCancelled() const override { return m_meter.isStopping || m_context.IsCancelled(); }
    bool sendModel(const ModelInfo &) override { return !isCancelled(); }
    bool sendTokens(const std::vector<GeneratedToken> &tokens) override
    {
        for (const GeneratedToken &token : tokens) m_text += token.bytes;
        return !isCancelled();
    }
    [[nodiscard]] std::string takeText() { return std::move(m_text); }

private:
    grpc::ServerContext &m_context;
    CallMeter &m_meter;
    std::string m_text;
};

/// A reply has a dozen bytes for each token.
Result<void> checkTokenizedText(const std::string &text)
{
    if (text.size() <= kMaxTokenizedBytes) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot show the tokens: the text has " + std::to_string(text.size()) +
                     " bytes, expected at most " + std::to_string(kMaxTokenizedBytes) + ".",
                 "Take a part of the text; inspect tokens shows those of a file."};
}

class InferenceServiceImpl final : public v1::InferenceService::Service {
public:
    InferenceServiceImpl(InferenceBackend &backend, CallMeter &meter) : m_backend(backend), m_meter(meter) {}

    grpc::Status GenerateText(grpc::ServerContext *context, const v1::GenerateRequest *request,
                              grpc::ServerWriter<v1::GenerateResponse> *writer) override
    {
        return guarded(m_meter, *context, [&](CallScope &scope) -> Result<void> {
            StreamScope stream(m_meter);
            if (!stream.isIn()) return stream.refusal();
            GenerateWriter sink(*context, *writer, m_meter, scope);
            ORRERY_ASSIGN(const GenerateSummary summary, m_backend.generate(fromMessage(*request), sink));
            sink.sendSummary(summary);
            return {};
        });
    }
    grpc::Status BatchGenerate(grpc::ServerContext *context, const v1::BatchGenerateRequest *request,
                               v1::BatchGenerateResponse *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &scope) -> Result<void> {
            StreamScope stream(m_meter);
            if (!stream.isIn()) return stream.refusal();
            for (const v1::GenerateRequest &one : request->requests()) {
                TextGatherer gatherer(*context, m_meter);
                const Result<GenerateSummary> summary = m_backend.generate(fromMessage(one), gatherer);
                if (gatherer.isCancelled())
                    return Error{ErrorCode::Cancelled, "Cannot generate the batch: it was cancelled.", ""};
                BatchResult result;
                result.text = gatherer.takeText();
                result.hasError = !summary.ok();
                if (summary.ok())
                    result.summary = *summary;
                else
                    result.error = summary.error();
                toMessage(result, *reply->add_results());
                scope.tick();
            }
            return {};
        });
    }
    grpc::Status Embed(grpc::ServerContext *context, const v1::EmbedRequest *request,
                       v1::EmbedReply *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            // It may wait for a model to be loaded, as long as a stream does.
            StreamScope stream(m_meter);
            if (!stream.isIn()) return stream.refusal();
            const UnaryCaller caller(*context, m_meter);
            ORRERY_ASSIGN(const EmbedSummary summary,
                          m_backend.embed(request->model(), {request->text()}, caller));
            toMessage(summary, *reply);
            return {};
        });
    }
    grpc::Status EditMemory(grpc::ServerContext *context, const v1::MemoryRequest *request,
                            v1::MemoryReply *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            StreamScope stream(m_meter); // as above
            if (!stream.isIn()) return stream.refusal();
            const UnaryCaller caller(*context, m_meter);
            ORRERY_ASSIGN(const MemoryReport report,
                          m_backend.editMemory(request->model(), fromMessage(*request), caller));
            toMessage(report, *reply);
            return {};
        });
    }
    grpc::Status Inspect(grpc::ServerContext *context, const v1::InspectQuery *request,
                         v1::InspectReply *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            StreamScope stream(m_meter); // as above
            if (!stream.isIn()) return stream.refusal();
            const UnaryCaller caller(*context, m_meter);
            ORRERY_ASSIGN(const InspectReport report,
                          m_backend.inspect(request->input().model(), fromMessage(*request), caller));
            toMessage(report, *reply);
            return {};
        });
    }
    grpc::Status InspectInParts(grpc::ServerContext *context, const v1::InspectQuery *request,
                                grpc::ServerWriter<v1::InspectReply> *writer) override
    {
        return inspectInParts(m_meter, *context, *request, *writer, [&](const StreamSink &caller) {
            return m_backend.inspect(request->input().model(), fromMessage(*request), caller);
        });
    }
    grpc::Status Tokenize(grpc::ServerContext *context, const v1::TokenizeRequest *request,
                          v1::TokenizeReply *reply) override
    {
        return guarded(m_meter, *context, [&](CallScope &) -> Result<void> {
            StreamScope stream(m_meter); // as above
            if (!stream.isIn()) return stream.refusal();
            ORRERY_TRY(checkTokenizedText(request->text()));
            const UnaryCaller caller(*context, m_meter);
            ORRERY_ASSIGN(const std::vector<TokenPiece> pieces,
                          m_backend.tokenize(request->model(), request->text(), caller));
            for (const TokenPiece &piece : pieces) {
                v1::TokenPieceMessage &message = *reply->add_pieces();
                message.set_id(piece.id);
                message.set_text(piece.bytes);
            }
            return {};
        });
    }

private:
    InferenceBackend &m_backend;
    CallMeter &m_meter;
};

} // namespace

std::unique_ptr<grpc::Service> makeInferenceService(InferenceBackend &backend, CallMeter &meter)
{
    return std::make_unique<InferenceServiceImpl>(backend, meter);
}

} // namespace orrery
