// SPDX-License-Identifier: Apache-2.0
#include "core/data/multimodal/record.h"

#include "core/base/assert.h"
#include "core/data/media/image_patches.h"
#include "core/data/media/log_mel.h"

#include <algorithm>

namespace orrery {

void MultiModalRecord::clear()
{
    ids_L.clear();
    modality_L.clear();
    places_L.clear();
    loss_L.clear();
    patches_PD.clear();
    frames_NF.clear();
}

std::optional<MediaTokenizerMismatch> mediaTokenizerMismatch(const Tokenizer &tokenizer)
{
    if (!tokenizer.isByteWise())
        return MediaTokenizerMismatch{"data.tokenizer is not bytes",
                                      "bytes, as with all pictures and recordings", "data.tokenizer",
                                      "bytes"};
    if (!tokenizer.hasSpecials())
        return MediaTokenizerMismatch{"data.special_tokens is none",
                                      "default: pictures and recordings begin with special tokens",
                                      "data.special_tokens", "default"};
    return std::nullopt;
}

RecordBuilder::RecordBuilder(const Tokenizer &tokenizer, const FrontEnd &frontEnd, MultiModalRecord &record)
    : m_tokenizer(tokenizer), m_frontEnd(frontEnd), m_record(record)
{
    ORRERY_ASSERT(!mediaTokenizerMismatch(tokenizer));
}

void RecordBuilder::addText(std::string_view text, CarriesLoss loss)
{
    m_ids.clear();
    const auto encoded = m_tokenizer.encode(text, m_ids);
    ORRERY_ASSERT(encoded.ok()); // of bytes, which cannot fail
    MultiModalRecord &r = m_record;
    r.ids_L.insert(r.ids_L.end(), m_ids.begin(), m_ids.end());
    r.modality_L.resize(r.ids_L.size(), Modality::Text);
    r.places_L.resize(r.ids_L.size(), 0);
    r.loss_L.resize(r.ids_L.size(), loss == CarriesLoss::Yes ? 1 : 0);
    m_lastLoss = loss;
}

void RecordBuilder::addSpecial(SpecialToken token, CarriesLoss loss)
{
    m_record.ids_L.push_back(m_tokenizer.specialId(token).value());
    m_record.modality_L.push_back(Modality::Text);
    m_record.places_L.push_back(0);
    m_record.loss_L.push_back(loss == CarriesLoss::Yes ? 1 : 0);
    m_lastLoss = loss;
}

void RecordBuilder::addRows(Modality modality, size_t count)
{
    MultiModalRecord &r = m_record;
    r.ids_L.resize(r.ids_L.size() + count, 0);
    r.modality_L.resize(r.ids_L.size(), modality);
    r.loss_L.resize(r.ids_L.size(), 0);
    for (size_t i = 0; i < count; ++i) r.places_L.push_back(static_cast<int32_t>(i));
}

void RecordBuilder::addImage(const Image &image)
{
    addSpecial(SpecialToken::ImageStart, CarriesLoss::No);
    const std::vector<uint8_t> patches = imagePatches(image, m_frontEnd);
    addRows(Modality::Image, static_cast<size_t>(m_frontEnd.numPatches()));
    m_record.patches_PD.insert(m_record.patches_PD.end(), patches.begin(), patches.end());
}

void RecordBuilder::addAudio(const Audio &audio)
{
    addSpecial(SpecialToken::AudioStart, CarriesLoss::No);
    const std::vector<float> frames = logMelTokens(audio, m_frontEnd);
    addRows(Modality::Audio, frames.size() / static_cast<size_t>(m_frontEnd.frameWidth()));
    m_record.frames_NF.insert(m_record.frames_NF.end(), frames.begin(), frames.end());
}

void RecordBuilder::addRecord(const MultiModalRecord &part)
{
    const auto append = [](auto &to, const auto &from) { to.insert(to.end(), from.begin(), from.end()); };
    append(m_record.ids_L, part.ids_L);
    append(m_record.modality_L, part.modality_L);
    append(m_record.places_L, part.places_L);
    append(m_record.loss_L, part.loss_L);
    append(m_record.patches_PD, part.patches_PD);
    append(m_record.frames_NF, part.frames_NF);
}

void RecordBuilder::finish() { addSpecial(SpecialToken::EndOfText, m_lastLoss); }

void removeModality(MultiModalRecord &record, Modality modality)
{
    size_t kept = 0;
    for (size_t i = 0; i < record.size(); ++i) {
        // A mark is a text token right before the first token of what it begins.
        const bool isMark = record.modality_L[i] == Modality::Text && i + 1 < record.size() &&
                            record.modality_L[i + 1] == modality && record.places_L[i + 1] == 0;
        if (isMark || record.modality_L[i] == modality) continue;
        record.ids_L[kept] = record.ids_L[i];
        record.modality_L[kept] = record.modality_L[i];
        record.places_L[kept] = record.places_L[i];
        record.loss_L[kept++] = record.loss_L[i];
    }
    record.ids_L.resize(kept);
    record.modality_L.resize(kept);
    record.places_L.resize(kept);
    record.loss_L.resize(kept);
    if (modality == Modality::Image) record.patches_PD.clear();
    if (modality == Modality::Audio) record.frames_NF.clear();
}

ModalityBatch modalitiesOf(const MultiModalRecord &record, const FrontEnd &frontEnd, int64_t numModalities)
{
    ModalityBatch batch;
    batch.numModalities = numModalities;
    batch.rows.resize(static_cast<size_t>(numModalities));
    batch.modality_BT.reserve(record.size());
    for (size_t i = 0; i < record.size(); ++i) {
        const size_t m = modalityIndex(record.modality_L[i]);
        ORRERY_ASSERT(m < batch.rows.size());
        batch.modality_BT.push_back(static_cast<uint8_t>(m));
        if (record.modality_L[i] != Modality::Text) batch.rows[m].places_N.push_back(record.places_L[i]);
    }
    if (numModalities > 1) {
        ModalityRows &image = batch.rows[modalityIndex(Modality::Image)];
        image.width = frontEnd.patchWidth();
        image.features_NF.resize(record.patches_PD.size());
        normalizePatches(record.patches_PD, image.features_NF);
    }
    if (numModalities > 2) {
        ModalityRows &audio = batch.rows[modalityIndex(Modality::Audio)];
        audio.width = frontEnd.frameWidth();
        audio.features_NF = record.frames_NF;
    }
    return batch;
}

MultiModalRecord sliceRecord(const MultiModalRecord &record, size_t begin, size_t count, const FrontEnd &f)
{
    ORRERY_ASSERT(begin <= record.size() && count <= record.size() - begin);
    auto rowsBefore = [&record](Modality modality, size_t end) {
        return std::count(record.modality_L.begin(), record.modality_L.begin() + static_cast<ptrdiff_t>(end),
                          modality);
    };
    auto cut = [](const auto &from, auto first, auto last) {
        return std::remove_cvref_t<decltype(from)>(from.begin() + static_cast<ptrdiff_t>(first),
                                                   from.begin() + static_cast<ptrdiff_t>(last));
    };
    const size_t end = begin + count;
    MultiModalRecord out;
    out.ids_L = cut(record.ids_L, begin, end);
    out.modality_L = cut(record.modality_L, begin, end);
    out.places_L = cut(record.places_L, begin, end);
    out.loss_L = cut(record.loss_L, begin, end);
    out.patches_PD = cut(record.patches_PD, rowsBefore(Modality::Image, begin) * f.patchWidth(),
                         rowsBefore(Modality::Image, end) * f.patchWidth());
    out.frames_NF = cut(record.frames_NF, rowsBefore(Modality::Audio, begin) * f.frameWidth(),
                        rowsBefore(Modality::Audio, end) * f.frameWidth());
    return out;
}

} // namespace orrery
