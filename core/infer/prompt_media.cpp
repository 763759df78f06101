// SPDX-License-Identifier: Apache-2.0
#include "core/infer/prompt_media.h"

#include "core/base/text.h"
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
    PromptReader(const LoadedModel &loaded, const GenerateRequest &request)
        : m_loaded(loaded), m_request(request), m_model(loaded.model->spec()),
          m_frontEnd(frontEndOf(m_model.media)), m_builder(*loaded.tokenizer, m_frontEnd, m_record)
    {
    }

    Result<MultiModalRecord> read()
    {
        size_t place = 0;
        for (const PromptMedia &media : m_request.media) {
            ORRERY_TRY(checkPlace(media, place));
            const auto end = static_cast<size_t>(media.place);
            m_builder.addText(std::string_view(m_request.prompt).substr(place, end - place), CarriesLoss::No);
            place = end;
            ORRERY_TRY(addMedia(media));
        }
        m_builder.addText(std::string_view(m_request.prompt).substr(place), CarriesLoss::No);
        if (std::ssize(m_record.ids_L) >= m_model.context)
            return Error{ErrorCode::InvalidInput,
                         "Cannot generate: the prompt with its pictures and recordings has " +
                             std::to_string(m_record.size()) +
                             " tokens, expected fewer than the context of " +
                             std::to_string(m_model.context) + ".",
                         "Leave something out; pictures are not cut."};
        return std::move(m_record);
    }

private:
    Result<void> checkPlace(const PromptMedia &media, size_t before) const
    {
        if (media.place >= 0 && static_cast<uint64_t>(media.place) <= m_request.prompt.size() &&
            static_cast<size_t>(media.place) >= before)
            return {};
        return refuse(media, "its place is byte " + std::to_string(media.place) + " of the prompt",
                      std::to_string(before) + " to " + std::to_string(m_request.prompt.size()) +
                          ", in order of the places",
                      "Give the places in the order in which they stand in the prompt.");
    }

    Result<void> addMedia(const PromptMedia &media)
    {
        const FileKind kind = fileKindOf(std::string_view(media.bytes).substr(0, kSignatureBytes));
        switch (modalityOf(kind)) {
        case Modality::Image: {
            ORRERY_ASSIGN(const Image image, decodeImage(media.bytes, shown(media.name)));
            m_builder.addImage(image);
            return {};
        }
        case Modality::Audio:
            return addRecording(media);
        case Modality::Text:
            return refuse(media, "it is text", "a picture (PNG, JPEG) or a recording (WAV, FLAC)",
                          "Put the text into the prompt.");
        default:
            return unknownKind(media);
        }
    }

    Result<void> addRecording(const PromptMedia &media)
    {
        if (m_model.attention.numModalities < 3)
            return refuse(media,
                          "it is a recording, and \"" + m_loaded.info.name + "\" knows text and pictures",
                          "a picture", "Use a model that was trained with attention.num_modalities=3.");
        ORRERY_ASSIGN(const Audio audio, decodeAudio(media.bytes, shown(media.name)));
        const int64_t numTokens = m_frontEnd.numAudioTokens(std::ssize(audio.samples), audio.rate);
        if (numTokens <= m_model.media.audioTokens) {
            m_builder.addAudio(audio);
            return {};
        }
        return refuse(media, "it has " + std::to_string(numTokens) + " tokens, 20 a second",
                      "at most " + std::to_string(m_model.media.audioTokens) +
                          ", the longest that the model was made for (media.audio_tokens)",
                      "Cut the recording.");
    }

    const LoadedModel &m_loaded;
    const GenerateRequest &m_request;
    const ModelSpec &m_model;
    FrontEnd m_frontEnd;
    MultiModalRecord m_record;
    RecordBuilder m_builder;
};

} // namespace

Result<MultiModalRecord> readPromptMedia(const LoadedModel &loaded, const GenerateRequest &request)
{
    if (loaded.model->spec().attention.numModalities > 1) return PromptReader(loaded, request).read();
    return Error{ErrorCode::InvalidInput,
                 "Cannot generate: the request has pictures or recordings and \"" + loaded.info.name +
                     "\" reads text only, expected text.",
                 "Use a model that was trained with attention.num_modalities above 1."};
}

} // namespace orrery
