// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/adapters.h"

#include "core/rpc/wire.h"

namespace orrery {

void toMessage(const Error &value, v1::ErrorDetail &message)
{
    message.set_code(static_cast<uint32_t>(value.code));
    message.set_message(wire::cutUtf8(wire::utf8(value.message), wire::kMaxErrorMessageBytes));
    message.set_hint(wire::cutUtf8(wire::utf8(value.hint), wire::kMaxErrorHintBytes));
}

Error fromMessage(const v1::ErrorDetail &message)
{
    const bool isKnown = message.code() <= static_cast<uint32_t>(ErrorCode::NonFinite);
    return Error{isKnown ? static_cast<ErrorCode>(message.code()) : ErrorCode::Unknown, message.message(),
                 message.hint()};
}

void toMessage(const HostDescription &value, v1::HostInfo &message)
{
    message.set_version(wire::utf8(value.version));
    message.set_pid(value.pid);
    message.set_cpu_model(wire::utf8(value.cpuModel));
    message.set_cpu_flags(wire::utf8(value.cpuFlags));
    message.set_num_cores(value.numCores);
    message.set_memory_bytes(value.memoryBytes);
    message.set_num_cuda_devices(value.numCudaDevices);
    message.set_cuda_note(wire::utf8(value.cudaNote));
    message.set_home(wire::utf8(value.home));
    message.set_program(wire::utf8(value.program));
    message.set_build(wire::utf8(value.build));
    message.set_protocol_major(value.protocolMajor);
    message.set_protocol_minor(value.protocolMinor);
    message.set_machine(wire::utf8(value.machine));
}

HostDescription fromMessage(const v1::HostInfo &message)
{
    HostDescription value;
    value.version = message.version();
    value.pid = message.pid();
    value.cpuModel = message.cpu_model();
    value.cpuFlags = message.cpu_flags();
    value.numCores = message.num_cores();
    value.memoryBytes = message.memory_bytes();
    value.numCudaDevices = message.num_cuda_devices();
    value.cudaNote = message.cuda_note();
    value.home = message.home();
    value.program = message.program();
    value.build = message.build();
    value.protocolMajor = message.protocol_major();
    value.protocolMinor = message.protocol_minor();
    value.machine = message.machine();
    return value;
}

void toMessage(const DataRequest &value, v1::DescribeDataRequest &message)
{
    message.set_path(wire::utf8(value.path));
    message.set_tokenizer(wire::utf8(value.tokenizer));
    message.set_special_tokens(wire::utf8(value.specialTokens));
    message.set_val_fraction(value.valFraction);
    message.set_context(value.context);
    message.set_seed(value.seed);
    message.set_image_size(value.imageSize);
    message.set_patch_size(value.patchSize);
    message.set_num_modalities(value.numModalities);
    message.set_audio_tokens(value.audioTokens);
}

DataRequest fromMessage(const v1::DescribeDataRequest &message)
{
    DataRequest value;
    value.path = message.path();
    value.tokenizer = message.tokenizer();
    value.specialTokens = message.special_tokens();
    value.valFraction = message.val_fraction();
    value.context = message.context();
    value.seed = message.seed();
    value.imageSize = message.image_size();
    value.patchSize = message.patch_size();
    value.numModalities = message.num_modalities();
    value.audioTokens = message.audio_tokens();
    return value;
}

void toMessage(const SamplingSettings &value, v1::SamplingMessage &message)
{
    message.set_max_tokens(value.maxTokens);
    message.set_temperature(value.temperature);
    message.set_top_k(value.topK);
    message.set_top_p(value.topP);
    message.set_seed(value.seed);
    message.set_num_alternatives(value.numAlternatives);
    message.set_sampler(wire::utf8(value.sampler));
    message.set_min_p(value.minP);
    message.set_typical_p(value.typicalP);
    message.set_repetition_penalty(value.repetitionPenalty);
    message.set_penalty_window(value.penaltyWindow);
    for (const std::string &text : value.stop) message.add_stop(text);
}

SamplingSettings fromMessage(const v1::SamplingMessage &message)
{
    SamplingSettings value;
    value.maxTokens = message.max_tokens();
    value.temperature = message.temperature();
    value.topK = message.top_k();
    value.topP = message.top_p();
    value.seed = message.seed();
    value.numAlternatives = message.num_alternatives();
    value.sampler = message.sampler();
    value.minP = message.min_p();
    // An older client does not send these: 0 is off as well.
    value.typicalP = message.typical_p() == 0 ? 1 : message.typical_p();
    value.repetitionPenalty = message.repetition_penalty() == 0 ? 1 : message.repetition_penalty();
    if (message.has_penalty_window()) value.penaltyWindow = message.penalty_window();
    value.stop.assign(message.stop().begin(), message.stop().end());
    return value;
}

namespace {

void addMedia(const PromptMedia &value, v1::PromptMediaMessage &message)
{
    message.set_file(value.bytes);
    message.set_name(wire::utf8(value.name));
    message.set_place(value.place);
}

std::vector<PromptMedia> mediaOf(const google::protobuf::RepeatedPtrField<v1::PromptMediaMessage> &messages)
{
    std::vector<PromptMedia> media;
    media.reserve(static_cast<size_t>(messages.size()));
    for (const v1::PromptMediaMessage &message : messages)
        media.push_back({message.file(), message.name(), message.place()});
    return media;
}

} // namespace

void toMessage(const ModelRequest &value, v1::GenerateRequest &message)
{
    message.set_model(wire::utf8(value.model));
    message.set_prompt(value.request.prompt);
    if (value.request.infill) message.set_infill(*value.request.infill);
    message.set_source(wire::utf8(value.request.source));
    message.set_mask(wire::utf8(value.request.mask));
    toMessage(value.request.sampling, *message.mutable_sampling());
    for (const ChatMessage &turn : value.request.messages) {
        v1::ChatMessageMessage &item = *message.add_messages();
        item.set_role(wire::utf8(turn.role));
        item.set_content(turn.content);
        for (const PromptMedia &media : turn.media) addMedia(media, *item.add_media());
    }
    for (const PromptMedia &media : value.request.media) addMedia(media, *message.add_media());
    message.mutable_prompt_ids()->Assign(value.request.promptIds.begin(), value.request.promptIds.end());
    message.mutable_answer_ids()->Assign(value.request.answerIds.begin(), value.request.answerIds.end());
}

ModelRequest fromMessage(const v1::GenerateRequest &message)
{
    ModelRequest value;
    value.model = message.model();
    value.request.prompt = message.prompt();
    value.request.source = message.source();
    value.request.mask = message.mask();
    if (message.has_infill()) value.request.infill = message.infill();
    for (const v1::ChatMessageMessage &turn : message.messages())
        value.request.messages.push_back({turn.role(), turn.content(), mediaOf(turn.media())});
    value.request.media = mediaOf(message.media());
    value.request.promptIds.assign(message.prompt_ids().begin(), message.prompt_ids().end());
    value.request.answerIds.assign(message.answer_ids().begin(), message.answer_ids().end());
    // A request without settings gets the defaults, not zeros.
    if (message.has_sampling()) value.request.sampling = fromMessage(message.sampling());
    return value;
}

void toMessage(const GeneratedToken &value, v1::GeneratedTokenMessage &message)
{
    message.set_id(value.id);
    message.set_text(value.bytes);
    message.set_probability(value.probability);
    message.set_entropy(value.entropy);
    message.set_chance(value.chance);
    for (const TokenAlternative &alternative : value.alternatives) {
        v1::TokenAlternativeMessage &item = *message.add_alternatives();
        item.set_id(alternative.id);
        item.set_text(alternative.bytes);
        item.set_probability(alternative.probability);
        item.set_chance(alternative.chance);
    }
}

GeneratedToken fromMessage(const v1::GeneratedTokenMessage &message)
{
    GeneratedToken value;
    value.id = message.id();
    value.bytes = message.text();
    value.probability = message.probability();
    value.entropy = message.entropy();
    value.chance = message.chance();
    value.alternatives.reserve(static_cast<size_t>(message.alternatives_size()));
    for (const v1::TokenAlternativeMessage &item : message.alternatives())
        value.alternatives.push_back({item.id(), item.text(), item.probability(), item.chance()});
    return value;
}

void toMessage(const GenerateSummary &value, v1::GenerateSummaryMessage &message)
{
    message.set_reason(static_cast<uint32_t>(value.reason));
    message.set_prompt_tokens(value.promptTokens);
    message.set_reused_tokens(value.reusedTokens);
    message.set_generated_tokens(value.generatedTokens);
    message.set_prompt_seconds(value.promptSeconds);
    message.set_decode_seconds(value.decodeSeconds);
    message.set_model(wire::utf8(value.model));
    message.set_step(value.step);
}

GenerateSummary fromMessage(const v1::GenerateSummaryMessage &message)
{
    GenerateSummary value;
    if (message.reason() <= static_cast<uint32_t>(FinishReason::StopText))
        value.reason = static_cast<FinishReason>(message.reason());
    value.promptTokens = message.prompt_tokens();
    value.reusedTokens = message.reused_tokens();
    value.generatedTokens = message.generated_tokens();
    value.promptSeconds = message.prompt_seconds();
    value.decodeSeconds = message.decode_seconds();
    value.model = message.model();
    value.step = message.step();
    return value;
}

void toMessage(const ModelInfo &value, v1::ModelInfoMessage &message)
{
    message.set_name(wire::utf8(value.name));
    message.set_step(value.step);
    message.set_num_parameters(value.numParameters);
    message.set_context(value.context);
    message.set_vocab_size(value.vocabSize);
    message.set_note(wire::utf8(value.note));
}

ModelInfo fromMessage(const v1::ModelInfoMessage &message)
{
    ModelInfo value;
    value.name = message.name();
    value.step = message.step();
    value.numParameters = message.num_parameters();
    value.context = message.context();
    value.vocabSize = message.vocab_size();
    value.note = message.note();
    return value;
}

void toMessage(const EmbedSummary &value, v1::EmbedReply &message)
{
    message.mutable_embedding()->Assign(value.embedding.begin(), value.embedding.end());
    message.set_tokens(value.tokens);
    message.set_mask(wire::utf8(value.mask));
    message.set_model(wire::utf8(value.model));
    message.set_step(value.step);
}

EmbedSummary fromMessage(const v1::EmbedReply &message)
{
    EmbedSummary value;
    value.embedding.assign(message.embedding().begin(), message.embedding().end());
    value.tokens = message.tokens();
    value.mask = message.mask();
    value.model = message.model();
    value.step = message.step();
    return value;
}

void toMessage(const BatchResult &value, v1::BatchGenerateResult &message)
{
    message.set_text(value.text);
    toMessage(value.summary, *message.mutable_summary());
    if (value.hasError) toMessage(value.error, *message.mutable_error());
}

BatchResult fromMessage(const v1::BatchGenerateResult &message)
{
    BatchResult value;
    value.text = message.text();
    value.summary = fromMessage(message.summary());
    value.hasError = message.has_error();
    value.error = fromMessage(message.error());
    return value;
}

} // namespace orrery
