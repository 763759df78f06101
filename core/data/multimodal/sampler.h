// SPDX-License-Identifier: Apache-2.0
// Which positions a step sees when documents have several modalities: a pure function of (seed, step,
// sample), as for text. Immutable; any thread.
#pragma once

#include "core/data/multimodal/source.h"

#include <array>
#include <cstdint>
#include <vector>

namespace orrery {

/// B sequences of T positions, in the order b·T + t.
/// A sequence holds whole documents one after the other; what is left is padding. A document of L positions
/// takes L - 1: its last position is a target only, and nothing predicts across documents.
struct MultiModalBatch {
    /// The positions of one modality, in ascending order, and what stands there.
    struct Rows {
        std::vector<int32_t> positions_N; ///< b·T + t
        std::vector<float> features_NF;   ///< image: normalised patches, audio: log-mel tokens; text: empty
        int64_t width = 0;                ///< F; 0 for text
        bool operator==(const Rows &) const = default;
    };

    int64_t numSequences = 0;         ///< B
    int64_t context = 0;              ///< T
    std::vector<int32_t> ids_BT;      ///< text: the token; image and audio: 0; padding: EndOfText
    std::vector<uint8_t> modality_BT; ///< modalityIndex: text and padding 0, image 1, audio 2
    std::vector<int32_t>
        places_BT; ///< number of the patch in its picture, of the token in its recording; text 0
    std::vector<int32_t> documents_BT; ///< number of the document in its sequence, from 0; padding -1
    std::vector<int32_t> targets_BT;   ///< the next position's id; 0 where it is no text or the document ends
    std::vector<uint8_t> mask_BT;      ///< 1 where the target carries loss
    std::array<Rows, kNumModalities> rows; ///< by modalityIndex; together they name each position once
    bool operator==(const MultiModalBatch &) const = default;
};

/// For a model of so many modalities, which must be those of the data at least. Takes the features away.
ModalityBatch takeModalities(MultiModalBatch &batch, int64_t numModalities);

/// Keeps a pointer to the source, which must outlive it.
class MultiModalSampler {
public:
    /// @param modalityDropout probability that a document is shown without its pictures, or without its
    /// recordings, as if it had never had them; never without both. Drawn for each document of each sample.
    /// Source: Neverova et al. (2016), "ModDrop", there by zeros in their place.
    /// @error InvalidInput when the training split is empty or context < 2
    static Result<MultiModalSampler> create(const MultiModalSource &source, int64_t context, uint64_t seed,
                                            double modalityDropout = 0);
    /// Sequences of micro-batch `micro` of step `step` (from 0); sample number = micro·numSequences + i, so
    /// the step's data depend on batch_size·accumulation only. Each sequence takes documents drawn uniformly
    /// until the next one does not fit. A document longer than the context gives a stretch of it that begins
    /// with text or with the start of a picture or recording.
    void fill(int64_t step, int64_t micro, int64_t numSequences, MultiModalBatch &batch) const;

private:
    MultiModalSampler(const MultiModalSource &source, int64_t context, uint64_t seed, double modalityDropout)
        : m_source(&source), m_context(context), m_seed(seed), m_modalityDropout(modalityDropout)
    {
    }

    const MultiModalSource *m_source;
    int64_t m_context;
    uint64_t m_seed;
    double m_modalityDropout;
};

/// The documents of a split in order, each target once: one document per sequence; a longer one takes
/// several, and where a stretch begins a little earlier, so as not to cut a picture, the repeated targets
/// carry no loss. Keeps a pointer to the source, which must outlive it.
class MultiModalWindows {
public:
    /// @param maxDocuments the first so many only
    MultiModalWindows(const MultiModalSource &source, Split split, int64_t context, uint64_t maxDocuments);
    [[nodiscard]] int64_t numWindows() const { return static_cast<int64_t>(m_windows.size()); }
    /// The document that a window shows.
    [[nodiscard]] uint64_t documentOf(int64_t window) const
    {
        return m_windows[static_cast<size_t>(window)].document;
    }
    void fill(int64_t firstWindow, int64_t numWindows, MultiModalBatch &batch) const;

private:
    struct Window {
        uint64_t document = 0;
        uint64_t begin = 0;
        uint64_t count = 0;       ///< positions, the last of which is a target only
        uint64_t numRepeated = 0; ///< targets at its front that the window before had
    };

    const MultiModalSource *m_source;
    Split m_split;
    int64_t m_context;
    std::vector<Window> m_windows;
};

} // namespace orrery
