// SPDX-License-Identifier: Apache-2.0
#include "core/infer/prompt_media.h"

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/data/chat_format.h"
#include "core/data/media/modality_head.h"

namespace orrery {

namespace {

std::string shown(const std::string &name)
{
    constexpr size_t kMaxShown = 80;
    return sanitizeUtf8(name.empty() ? "the file" : name.substr(0, kMaxShown));
}

Error refuse(const PromptMedia &media, const std::string &found, const std::string &expected,
             const std::string &hint)
{
    return {ErrorCode::InvalidInput,
            "Cannot read \"" + shown(media.name) + "\": " + found + ", expected " + expected + ".", hint};
}

/// The signature says nothing: what the bytes look like helps to say what to do.
Error unknownKind(const PromptMedia &media)
{
    if (media.bytes.empty())
        return refuse(media, "it is empty", "a picture (PNG, JPEG) or a recording (WAV, FLAC)",
                      "Choose another file.");
    if (const auto foreign = foreignFormatOf(media.bytes))
        return foreign->modality == Modality::Image
                   ? refuse(media, std::string("it is ") + foreign->name, "PNG or JPEG", "Save it as PNG.")
                   : refuse(media, std::string("it is ") + foreign->name, "WAV or FLAC", "Save it as WAV.");
    const auto *bytes = reinterpret_cast<const uint8_t *>(media.bytes.data());
    switch (ModalityHead::builtIn().guessContent({bytes, media.bytes.size()}).modality) {
    case Modality::Image:
        return refuse(media, "it looks like raw pixels", "PNG or JPEG", "Save it as PNG.");
    case Modality::Audio:
        return refuse(media, "it looks like raw samples", "WAV or FLAC", "Save it as WAV.");
    case Modality::Text:
        return refuse(media, "it looks like text", "a picture (PNG, JPEG) or a recording (WAV, FLAC)",
                      "Put the text into the prompt.");
    default:
        return refuse(media, "its format is not known here", "PNG, JPEG, WAV or FLAC", "Convert the file.");
    }
}

class PromptReader {
public:
    PromptReader(const LoadedModel &loaded, DecodedMedia &decoded)
        : m_loaded(loaded), m_decoded(decoded), m_model(loaded.model->spec()),
          m_frontEnd(frontEndOf(m_model.media)), m_builder(*loaded.tokenizer, m_frontEnd, m_record)
    {
    }

    Result<MultiModalRecord> readPrompt(const GenerateRequest &request)
    {
        ORRERY_TRY(addParts(request.prompt, request.media, "the prompt"));
        ORRERY_TRY(checkRoom("the prompt", m_record.size()));
        return std::move(m_record);
    }

    Result<MultiModalRecord> readConversation(const std::vector<ChatMessage> &messages)
    {
        ORRERY_TRY(checkConversation(messages, *m_loaded.tokenizer));
        size_t lastTurn = 0;
        for (size_t i = 0; i < messages.size(); ++i) {
            lastTurn = m_record.size();
            addToken(static_cast<int32_t>(*roleToken(messages[i].role)));
            ORRERY_TRY(addParts(messages[i].content, messages[i].media, "turn " + std::to_string(i)));
            addToken(static_cast<int32_t>(SpecialToken::EndOfTurn));
        }
        addToken(static_cast<int32_t>(SpecialToken::Assistant));
        // Earlier turns may leave the context; what is asked now must not.
        ORRERY_TRY(checkRoom("the last turn", m_record.size() - lastTurn));
        return std::move(m_record);
    }

private:
    void addToken(int32_t id) { m_builder.addSpecial(static_cast<SpecialToken>(id), CarriesLoss::No); }

    Result<void> checkRoom(const std::string &what, size_t numTokens) const
    {
        if (static_cast<int64_t>(numTokens) < m_model.context) return {};
        return Error{ErrorCode::InvalidInput,
                     "Cannot generate: " + what + " with its pictures and recordings has " +
                         std::to_string(numTokens) + " tokens, expected fewer than the context of " +
                         std::to_string(m_model.context) + ".",
                     "Leave something out; pictures are not cut."};
    }

    Result<void> addParts(const std::string &text, const std::vector<PromptMedia> &parts,
                          const std::string &where)
    {
        size_t place = 0;
        for (const PromptMedia &media : parts) {
            ORRERY_TRY(checkPlace(media, place, text.size(), where));
            const auto end = static_cast<size_t>(media.place);
            m_builder.addText(std::string_view(text).substr(place, end - place), CarriesLoss::No);
            place = end;
            ORRERY_TRY(addMedia(media));
        }
        m_builder.addText(std::string_view(text).substr(place), CarriesLoss::No);
        return {};
    }

    static Result<void> checkPlace(const PromptMedia &media, size_t least, size_t most,
                                   const std::string &where)
    {
        if (media.place >= 0 && static_cast<uint64_t>(media.place) <= most &&
            static_cast<size_t>(media.place) >= least)
            return {};
        return refuse(media, "its place is byte " + std::to_string(media.place) + " of " + where,
                      std::to_string(least) + " to " + std::to_string(most) + ", in order of the places",
                      "Give the places in the order in which they stand in " + where + ".");
    }

    Result<void> addMedia(const PromptMedia &media)
    {
        const std::string digest = sha256Hex(media.bytes);
        if (const MultiModalRecord *known = m_decoded.find(digest)) {
            m_builder.addRecord(*known);
            return {};
        }
        MultiModalRecord rows;
        RecordBuilder builder(*m_loaded.tokenizer, m_frontEnd, rows);
        ORRERY_TRY(decode(media, builder));
        m_builder.addRecord(rows);
        m_decoded.add(digest, std::move(rows));
        return {};
    }

    Result<void> decode(const PromptMedia &media, RecordBuilder &builder) const
    {
        const FileKind kind = fileKindOf(withoutTag(media.bytes).substr(0, kSignatureBytes));
        switch (modalityOf(kind)) {
        case Modality::Image: {
            ORRERY_ASSIGN(const Image image, decodeImage(media.bytes, shown(media.name)));
            builder.addImage(image);
            return {};
        }
        case Modality::Audio:
            return decodeRecording(media, builder);
        case Modality::Text:
            return refuse(media, "it is text", "a picture (PNG, JPEG) or a recording (WAV, FLAC)",
                          "Put the text into the prompt.");
        default:
            return unknownKind(media);
        }
    }

    Result<void> decodeRecording(const PromptMedia &media, RecordBuilder &builder) const
    {
        if (m_model.attention.numModalities < 3)
            return refuse(media,
                          "it is a recording, and \"" + m_loaded.info.name + "\" knows text and pictures",
                          "a picture", "Use a model that was trained with attention.num_modalities=3.");
        MediaFacts facts;
        ORRERY_ASSIGN(const Audio audio, decodeAudio(media.bytes, shown(media.name), {}, &facts));
        if (facts.numBeyondScale > 0) // on stderr where a program reads one prompt, in the log of an engine
            logWarning("A recording goes beyond full scale and was cut: " + shown(media.name) + ", peak " +
                       formatSignificant(facts.peak, 3) + ".");
        const int64_t numTokens = m_frontEnd.numAudioTokens(std::ssize(audio.samples), audio.rate);
        if (numTokens <= m_model.media.audioTokens) {
            builder.addAudio(audio);
            return {};
        }
        return refuse(media, "it has " + std::to_string(numTokens) + " tokens, 20 a second",
                      "at most " + std::to_string(m_model.media.audioTokens) +
                          ", the longest that the model was made for (media.audio_tokens)",
                      "Cut the recording.");
    }

    const LoadedModel &m_loaded;
    DecodedMedia &m_decoded;
    const ModelSpec &m_model;
    FrontEnd m_frontEnd;
    MultiModalRecord m_record;
    RecordBuilder m_builder;
};

size_t numFiles(const GenerateRequest &request)
{
    size_t count = request.media.size();
    for (const ChatMessage &message : request.messages) count += message.media.size();
    return count;
}

} // namespace

bool hasMedia(const GenerateRequest &request) { return numFiles(request) > 0; }

Result<MultiModalRecord> readPromptMedia(const LoadedModel &loaded, const GenerateRequest &request,
                                         DecodedMedia &decoded)
{
    if (loaded.model->spec().attention.numModalities < 2)
        return Error{ErrorCode::InvalidInput,
                     "Cannot generate: the request has pictures or recordings and \"" + loaded.info.name +
                         "\" reads text only, expected text.",
                     "Use a model that was trained with attention.num_modalities above 1."};
    if (const size_t count = numFiles(request); count > kMaxMediaFiles)
        return Error{ErrorCode::InvalidInput,
                     "Cannot generate: the request has " + std::to_string(count) +
                         " pictures and recordings, expected at most " + std::to_string(kMaxMediaFiles) + ".",
                     "Leave out the oldest ones."};
    if (const auto mismatch = mediaTokenizerMismatch(*loaded.tokenizer))
        return Error{ErrorCode::InvalidInput,
                     "Cannot read pictures or recordings with \"" + loaded.info.name +
                         "\": " + mismatch->found + ", expected " + mismatch->expected + ".",
                     std::string("Use a model that was trained with ") + mismatch->key + "=" +
                         mismatch->value + ", or give it text alone."};
    decoded.beginRequest();
    PromptReader reader(loaded, decoded);
    return request.messages.empty() ? reader.readPrompt(request) : reader.readConversation(request.messages);
}

} // namespace orrery
