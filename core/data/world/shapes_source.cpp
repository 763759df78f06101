// SPDX-License-Identifier: Apache-2.0
#include "core/data/world/shapes_source.h"

#include "core/base/assert.h"
#include "core/data/media/noise.h"
#include "core/data/world/shapes_render.h"

namespace orrery {

namespace {

uint64_t textTokens(const Tokenizer &tokenizer, const std::string &text)
{
    std::vector<int32_t> ids;
    const auto encoded = tokenizer.encode(text, ids);
    ORRERY_ASSERT(encoded.ok()); // of bytes, which cannot fail
    return ids.size();
}

} // namespace

Result<ShapesSource> ShapesSource::create(const ShapesSpec &spec, const FrontEnd &frontEnd,
                                          std::shared_ptr<const Tokenizer> tokenizer)
{
    ORRERY_TRY(checkFrontEnd(frontEnd));
    if (const auto mismatch = mediaTokenizerMismatch(*tokenizer))
        return generatorError("shapes", mismatch->found, mismatch->expected,
                              std::string("Set ") + mismatch->key + " to " + mismatch->value + ".");
    ORRERY_ASSIGN(ShapesScenes scenes, ShapesScenes::create(spec));
    return ShapesSource(std::move(scenes), frontEnd, std::move(tokenizer));
}

uint64_t ShapesSource::numRecords(Split split) const
{
    const ShapesSpec &spec = m_scenes.spec();
    switch (split) {
    case Split::Train:
        return static_cast<uint64_t>(spec.numTrain);
    case Split::Validation:
        return static_cast<uint64_t>(spec.numVal);
    case Split::Test:
        return static_cast<uint64_t>(spec.numTest);
    case Split::Unknown:
        break;
    }
    return 0;
}

uint64_t ShapesSource::numPositions(Split split, uint64_t index) const
{
    const ShapesDocument document = m_scenes.document(split, index);
    uint64_t count =
        1 + textTokens(*m_tokenizer, document.prompt) + textTokens(*m_tokenizer, document.answer);
    if (document.hasImage) count += 1 + static_cast<uint64_t>(m_frontEnd.numPatches());
    if (document.hasAudio) {
        const auto ownSamples = static_cast<int64_t>(document.scene.objects.size()) * kToneSamples;
        const int64_t samples = (ownSamples * m_frontEnd.rate + kTonesRate - 1) / kTonesRate;
        count += 1 + static_cast<uint64_t>(m_frontEnd.numAudioTokens(samples));
    }
    return count;
}

Image ShapesSource::picture(const ShapesDocument &document) const
{
    const ShapesSpec &spec = m_scenes.spec();
    Image image = drawScene(document.scene, spec.size, spec.cells);
    if (spec.imageDecibels < kNoNoise)
        addNoise(image, static_cast<double>(spec.imageDecibels), document.scene.style);
    return image;
}

Audio ShapesSource::recording(const ShapesDocument &document) const
{
    const ShapesSpec &spec = m_scenes.spec();
    Audio audio = playScene(document.scene);
    if (spec.audioDecibels < kNoNoise)
        addNoise(audio, static_cast<double>(spec.audioDecibels), document.scene.style);
    return audio;
}

void ShapesSource::read(Split split, uint64_t index, uint64_t begin, uint64_t count,
                        MultiModalRecord &record) const
{
    const ShapesDocument document = m_scenes.document(split, index);
    record.clear();
    RecordBuilder builder(*m_tokenizer, m_frontEnd, record);
    if (document.hasImage) builder.addImage(picture(document));
    if (document.hasAudio) builder.addAudio(recording(document));
    builder.addText(document.prompt, CarriesLoss::No);
    builder.addText(document.answer, CarriesLoss::Yes);
    builder.finish();
    ORRERY_ASSERT(begin <= record.size() && count <= record.size() - begin);
    if (count != record.size()) record = sliceRecord(record, begin, count, m_frontEnd);
}

} // namespace orrery
