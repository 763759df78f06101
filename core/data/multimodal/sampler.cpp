// SPDX-License-Identifier: Apache-2.0
#include "core/data/multimodal/sampler.h"

#include "core/base/assert.h"
#include "core/base/counter_rng.h"
#include "core/data/media/image_patches.h"

#include <algorithm>

namespace orrery {

namespace {

constexpr int32_t kPaddingId = static_cast<int32_t>(SpecialToken::EndOfText);

/// Puts documents into the sequences of a batch.
class BatchFiller {
public:
    BatchFiller(const FrontEnd &frontEnd, int64_t numSequences, int64_t context, MultiModalBatch &batch)
        : m_batch(batch)
    {
        const auto size = static_cast<size_t>(numSequences * context);
        batch.numSequences = numSequences;
        batch.context = context;
        batch.ids_BT.assign(size, kPaddingId);
        batch.modality_BT.assign(size, 0);
        batch.places_BT.assign(size, 0);
        batch.documents_BT.assign(size, -1);
        batch.targets_BT.assign(size, 0);
        batch.mask_BT.assign(size, 0);
        for (MultiModalBatch::Rows &rows : batch.rows) {
            rows.positions_N.clear();
            rows.features_NF.clear();
        }
        batch.rows[modalityIndex(Modality::Text)].width = 0;
        batch.rows[modalityIndex(Modality::Image)].width = frontEnd.patchWidth();
        batch.rows[modalityIndex(Modality::Audio)].width = frontEnd.frameWidth();
    }

    void beginSequence(int64_t sequence)
    {
        m_at = static_cast<size_t>(sequence * m_batch.context);
        m_end = m_at + static_cast<size_t>(m_batch.context);
        m_document = 0;
    }
    [[nodiscard]] uint64_t room() const { return m_end - m_at; }

    /// Positions that add() takes in front of a further document.
    [[nodiscard]] uint64_t separator() const { return m_document > 0 ? 1 : 0; }

    /// Between two documents the end of the first one is read, too: what follows is no continuation, and is
    /// not predicted.
    /// @param record at least 2 positions, at most room() + 1 - separator()
    void add(const MultiModalRecord &record, uint64_t numRepeated)
    {
        if (separator() > 0) addEnd(record);
        const size_t count = record.size() - 1;
        ORRERY_ASSERT(record.size() >= 1 && count <= room());
        size_t image = 0;
        size_t audio = 0;
        for (size_t i = 0; i < count; ++i, ++m_at) {
            m_batch.ids_BT[m_at] = record.ids_L[i];
            m_batch.modality_BT[m_at] = static_cast<uint8_t>(modalityIndex(record.modality_L[i]));
            m_batch.places_BT[m_at] = record.places_L[i];
            m_batch.documents_BT[m_at] = m_document;
            m_batch.targets_BT[m_at] = record.ids_L[i + 1];
            m_batch.mask_BT[m_at] = i < numRepeated ? 0 : record.loss_L[i + 1];
            rowsOf(record.modality_L[i]).positions_N.push_back(static_cast<int32_t>(m_at));
            if (record.modality_L[i] == Modality::Image) addPatch(record, image++);
            if (record.modality_L[i] == Modality::Audio) addFrames(record, audio++);
        }
        ++m_document;
    }

    void pad()
    {
        for (; m_at < m_end; ++m_at) rowsOf(Modality::Text).positions_N.push_back(static_cast<int32_t>(m_at));
    }

private:
    void addEnd(const MultiModalRecord &next)
    {
        m_batch.documents_BT[m_at] = m_document - 1;
        m_batch.targets_BT[m_at] = next.ids_L.front();
        rowsOf(Modality::Text).positions_N.push_back(static_cast<int32_t>(m_at));
        ++m_at; // the id is that of the padding: the end of a text
    }

    MultiModalBatch::Rows &rowsOf(Modality modality) { return m_batch.rows[modalityIndex(modality)]; }

    void addPatch(const MultiModalRecord &record, size_t index)
    {
        MultiModalBatch::Rows &rows = rowsOf(Modality::Image);
        const auto width = static_cast<size_t>(rows.width);
        rows.features_NF.resize(rows.features_NF.size() + width);
        normalizePatches(std::span(record.patches_PD).subspan(index * width, width),
                         std::span(rows.features_NF).last(width));
    }

    void addFrames(const MultiModalRecord &record, size_t index)
    {
        MultiModalBatch::Rows &rows = rowsOf(Modality::Audio);
        const float *begin = record.frames_NF.data() + index * static_cast<size_t>(rows.width);
        rows.features_NF.insert(rows.features_NF.end(), begin, begin + rows.width);
    }

    MultiModalBatch &m_batch;
    size_t m_at = 0;
    size_t m_end = 0;
    int32_t m_document = 0;
};

/// Modality dropout. @param drawOf a number in [0, 1) for each modality
template <typename DrawOf>
void dropModalities(MultiModalRecord &record, double probability, const DrawOf &drawOf)
{
    const auto has = [&record](Modality modality) {
        return std::find(record.modality_L.begin(), record.modality_L.end(), modality) !=
               record.modality_L.end();
    };
    constexpr std::array kMayGo = {Modality::Image, Modality::Audio};
    auto left = std::count_if(kMayGo.begin(), kMayGo.end(), has);
    for (const Modality modality : kMayGo) {
        if (left < 2 || !has(modality) || drawOf(modality) >= probability) continue;
        removeModality(record, modality);
        --left;
    }
}

/// The last position at or before `begin` that is text or the start of something; `begin` itself when there
/// is none behind `earliest`.
uint64_t wholePartBefore(const MultiModalSource &source, Split split, uint64_t index, uint64_t begin,
                         uint64_t earliest)
{
    MultiModalRecord front;
    source.read(split, index, earliest, begin + 1 - earliest, front);
    for (size_t i = front.size(); i-- > 0;)
        if (front.modality_L[i] == Modality::Text) return earliest + i;
    return begin;
}

} // namespace

ModalityBatch takeModalities(MultiModalBatch &batch, int64_t numModalities)
{
    ModalityBatch out;
    out.numModalities = numModalities;
    out.modality_BT = batch.modality_BT;
    out.rows.resize(static_cast<size_t>(numModalities));
    for (size_t m = 1; m < batch.rows.size(); ++m) {
        MultiModalBatch::Rows &from = batch.rows[m];
        if (m >= out.rows.size()) {
            ORRERY_ASSERT(from.positions_N.empty());
            continue;
        }
        out.rows[m].width = from.width;
        out.rows[m].features_NF = std::move(from.features_NF);
        from.features_NF.clear();
        out.rows[m].places_N.reserve(from.positions_N.size());
        for (int32_t position : from.positions_N)
            out.rows[m].places_N.push_back(batch.places_BT[static_cast<size_t>(position)]);
    }
    return out;
}

Result<MultiModalSampler> MultiModalSampler::create(const MultiModalSource &source, int64_t context,
                                                    uint64_t seed, double modalityDropout)
{
    auto refuse = [&source](const std::string &found, const std::string &expected, const char *hint) {
        return Error{ErrorCode::InvalidInput,
                     "Cannot draw batches from \"" + source.name() + "\": " + found + ", expected " +
                         expected + ".",
                     hint};
    };
    if (source.numRecords(Split::Train) == 0)
        return refuse("the training split has no document", "one at least", "Use more data.");
    if (context < 2)
        return refuse("model.context is " + std::to_string(context), "2 or more",
                      "Set model.context, for example to 128.");
    return MultiModalSampler(source, context, seed, modalityDropout);
}

void MultiModalSampler::fill(int64_t step, int64_t micro, int64_t numSequences, MultiModalBatch &batch) const
{
    ORRERY_ASSERT(step >= 0 && micro >= 0 && numSequences >= 1);
    BatchFiller filler(m_source->frontEnd(), numSequences, m_context, batch);
    const uint64_t numRecords = m_source->numRecords(Split::Train);
    const auto longest = static_cast<uint64_t>(m_context) + 1;
    MultiModalRecord record;
    for (int64_t i = 0; i < numSequences; ++i) {
        const auto sample = static_cast<uint32_t>(micro * numSequences + i);
        const CounterRng rng({.seed = m_seed,
                              .step = static_cast<uint64_t>(step),
                              .sample = sample,
                              .purpose = RngPurpose::BatchOrder});
        filler.beginSequence(i);
        for (uint64_t draw = 0; filler.room() > 0; ++draw) {
            const uint64_t index = rng.below(2 * draw, numRecords);
            const uint64_t length = m_source->numPositions(Split::Train, index);
            if (length - 1 + filler.separator() > filler.room()) {
                if (draw > 0) break;
                uint64_t begin = rng.below(1, length - longest + 1);
                begin = wholePartBefore(*m_source, Split::Train, index, begin,
                                        begin - std::min(begin, longest - 2));
                m_source->read(Split::Train, index, begin, longest, record);
            } else {
                m_source->readWhole(Split::Train, index, record);
            }
            if (m_modalityDropout > 0) {
                const CounterRng own({.seed = m_seed,
                                      .step = static_cast<uint64_t>(step),
                                      .sample = sample,
                                      .layer = static_cast<uint32_t>(draw),
                                      .purpose = RngPurpose::ModalityDropout});
                dropModalities(record, m_modalityDropout, [&own](Modality modality) {
                    return own.uniformDouble(modalityIndex(modality));
                });
            }
            filler.add(record, 0);
            // Documents of one position would never fill the sequence.
            if (length < 2 && draw > longest) break;
        }
        filler.pad();
    }
}

MultiModalWindows::MultiModalWindows(const MultiModalSource &source, Split split, int64_t context,
                                     uint64_t maxDocuments)
    : m_source(&source), m_split(split), m_context(context)
{
    ORRERY_ASSERT(context >= 2);
    const auto longest = static_cast<uint64_t>(context) + 1;
    const uint64_t count = std::min(maxDocuments, source.numRecords(split));
    for (uint64_t index = 0; index < count; ++index) {
        const uint64_t length = source.numPositions(split, index);
        uint64_t numTargets = 1; // the first position is no target
        while (numTargets < length) {
            // The window's first input is the position before its first new target.
            uint64_t begin = numTargets - 1;
            if (begin > 0)
                begin = wholePartBefore(source, split, index, begin, begin - std::min(begin, longest - 2));
            const uint64_t end = std::min(length, begin + longest);
            m_windows.push_back({index, begin, end - begin, numTargets - 1 - begin});
            numTargets = end;
        }
    }
}

void MultiModalWindows::fill(int64_t firstWindow, int64_t count, MultiModalBatch &batch) const
{
    ORRERY_ASSERT(firstWindow >= 0 && count >= 0 && firstWindow + count <= numWindows());
    BatchFiller filler(m_source->frontEnd(), count, m_context, batch);
    MultiModalRecord record;
    for (int64_t i = 0; i < count; ++i) {
        const Window &window = m_windows[static_cast<size_t>(firstWindow + i)];
        m_source->read(m_split, window.document, window.begin, window.count, record);
        filler.beginSequence(i);
        filler.add(record, window.numRepeated);
        filler.pad();
    }
}

} // namespace orrery
