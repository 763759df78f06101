// SPDX-License-Identifier: Apache-2.0
// A document of text, pictures and recordings as positions of a sequence. Values; any thread.
#pragma once

#include "core/data/media/front_end.h"
#include "core/data/media/media_files.h"
#include "core/data/tokenizer.h"
#include "core/spec/modality.h"
#include "core/spec/modality_batch.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace orrery {

/// L positions in reading order. A picture is the special token ImageStart and its patches, a recording
/// AudioStart and its tokens; a document ends with EndOfText. Patches and frames stand in tables of their
/// own, in the order of their positions.
struct MultiModalRecord {
    std::vector<int32_t> ids_L;       ///< of text and specials; 0 elsewhere
    std::vector<Modality> modality_L; ///< specials are text
    std::vector<int32_t>
        places_L; ///< number of the patch in its picture, of the token in its recording; text 0
    std::vector<uint8_t> loss_L;     ///< 1 where predicting this position counts
    std::vector<uint8_t> patches_PD; ///< bytes, D = FrontEnd::patchWidth()
    std::vector<float> frames_NF;    ///< F = FrontEnd::frameWidth()

    [[nodiscard]] size_t size() const { return ids_L.size(); }
    void clear();
    bool operator==(const MultiModalRecord &) const = default;
};

enum class CarriesLoss : bool { No, Yes };

/// Most positions of one document.
inline constexpr size_t kMaxRecordPositions = 262'144;

/// Why texts of a tokenizer cannot stand beside pictures and recordings, and the setting with which they
/// could.
struct MediaTokenizerMismatch {
    const char *found;
    const char *expected;
    const char *key; ///< "data.tokenizer" or "data.special_tokens"
    const char *value;
};
/// Nothing for a tokenizer that encodes any text, whose tokens are bytes, and that has the marks media begin
/// with.
std::optional<MediaTokenizerMismatch> mediaTokenizerMismatch(const Tokenizer &tokenizer);

/// Appends parts to a record. Keeps references to all three, which must outlive it.
class RecordBuilder {
public:
    /// @param tokenizer without a mediaTokenizerMismatch
    RecordBuilder(const Tokenizer &tokenizer, const FrontEnd &frontEnd, MultiModalRecord &record);
    void addText(std::string_view text, CarriesLoss loss);
    void addImage(const Image &image); ///< carries no loss, nor does its start
    void addAudio(const Audio &audio);
    /// What another builder of the same front end has made, as it is.
    void addRecord(const MultiModalRecord &part);
    void addSpecial(SpecialToken token, CarriesLoss loss);
    /// Ends the document; the end carries loss when the last part was a text that does.
    void finish();

private:
    void addRows(Modality modality, size_t count);

    const Tokenizer &m_tokenizer;
    const FrontEnd &m_frontEnd;
    MultiModalRecord &m_record;
    std::vector<int32_t> m_ids;
    CarriesLoss m_lastLoss = CarriesLoss::No;
};

/// Without the tokens of a modality other than text and the marks that they begin with: the document as if it
/// had never had them.
void removeModality(MultiModalRecord &record, Modality modality);

/// A record as one sequence for a model of so many modalities, which must be those of its parts at least.
ModalityBatch modalitiesOf(const MultiModalRecord &record, const FrontEnd &frontEnd, int64_t numModalities);
/// Positions [begin, begin + count) of a record.
MultiModalRecord sliceRecord(const MultiModalRecord &record, size_t begin, size_t count,
                             const FrontEnd &frontEnd);

} // namespace orrery
