// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/image_patches.h"
#include "core/data/multimodal/sampler.h"
#include "core/data/world/shapes_source.h"
#include "data_fixture.h"

#include <algorithm>
#include <map>
#include <set>

using namespace orrery;

namespace {

constexpr auto kEnd = static_cast<int32_t>(SpecialToken::EndOfText);

/// Documents written as letters: t text, i patch, a audio token; a start mark is a text. Ids count from
/// 1000·document on but for the last, which is the end mark; patches and frames hold the place of their
/// position.
class LetterSource final : public MultiModalSource {
public:
    explicit LetterSource(std::vector<std::string> documents) : m_documents(std::move(documents))
    {
        m_frontEnd.patch = 1;
        m_frontEnd.bands = 4;
        m_frontEnd.framesPerToken = 1;
    }
    const FrontEnd &frontEnd() const override { return m_frontEnd; }
    int64_t vocabSize() const override { return 1 << 20; }
    std::string name() const override { return "letters"; }
    uint64_t numRecords(Split split) const override { return split == Split::Test ? 0 : m_documents.size(); }
    uint64_t numPositions(Split, uint64_t index) const override { return m_documents[index].size(); }
    void read(Split, uint64_t index, uint64_t begin, uint64_t count, MultiModalRecord &record) const override
    {
        MultiModalRecord whole;
        const std::string &letters = m_documents[index];
        for (size_t i = 0; i < letters.size(); ++i) {
            const char letter = letters[i];
            const int32_t id = i + 1 == letters.size() ? kEnd : static_cast<int32_t>(1000 * index + i);
            whole.ids_L.push_back(letter == 't' ? id : 0);
            whole.modality_L.push_back(letter == 't'   ? Modality::Text
                                       : letter == 'i' ? Modality::Image
                                                       : Modality::Audio);
            const bool goesOn = i > 0 && letters[i - 1] == letter && letter != 't';
            whole.places_L.push_back(goesOn ? whole.places_L.back() + 1 : 0);
            whole.loss_L.push_back(letter == 't' && i % 2 == 0);
            if (letter == 'i') whole.patches_PD.insert(whole.patches_PD.end(), 3, static_cast<uint8_t>(i));
            if (letter == 'a') whole.frames_NF.insert(whole.frames_NF.end(), 4, static_cast<float>(i));
        }
        record = sliceRecord(whole, begin, count, m_frontEnd);
    }

private:
    std::vector<std::string> m_documents;
    FrontEnd m_frontEnd;
};

/// One letter per position of a sequence, '.' for padding.
std::string lettersOf(const MultiModalBatch &batch, int64_t sequence)
{
    std::string out;
    for (int64_t t = 0; t < batch.context; ++t) {
        const auto at = static_cast<size_t>(sequence * batch.context + t);
        out += batch.documents_BT[at] < 0 ? '.' : "tia"[batch.modality_BT[at]];
    }
    return out;
}

/// What must hold in every batch.
void checkBatch(const MultiModalBatch &batch)
{
    std::set<int32_t> seen;
    for (size_t m = 0; m < kNumModalities; ++m) {
        const MultiModalBatch::Rows &rows = batch.rows[m];
        QVERIFY(std::is_sorted(rows.positions_N.begin(), rows.positions_N.end()));
        QCOMPARE(rows.features_NF.size(), rows.positions_N.size() * size_t(rows.width));
        for (int32_t position : rows.positions_N) {
            QVERIFY(seen.insert(position).second);
            QCOMPARE(size_t(batch.modality_BT[size_t(position)]), m);
        }
    }
    QCOMPARE(seen.size(), size_t(batch.numSequences * batch.context));
    for (size_t i = 0; i < batch.ids_BT.size(); ++i) {
        if (batch.documents_BT[i] < 0)
            QVERIFY(batch.ids_BT[i] == 256 && batch.mask_BT[i] == 0 && batch.modality_BT[i] == 0);
        const bool hasNext =
            (i + 1) % size_t(batch.context) != 0 && batch.documents_BT[i + 1] == batch.documents_BT[i];
        if (batch.documents_BT[i] >= 0 && hasNext) QCOMPARE(batch.targets_BT[i], batch.ids_BT[i + 1]);
    }
}

Result<ShapesSource> shapes(const std::string &settings)
{
    ORRERY_ASSIGN(const GeneratorPath path, parseGeneratorPath("gen:shapes" + settings));
    ORRERY_ASSIGN(const ShapesSpec spec, parseShapesSpec(path));
    ORRERY_ASSIGN(auto tokenizer, Tokenizer::create({}));
    return ShapesSource::create(spec, {}, std::move(tokenizer));
}

} // namespace

class TestMultiModalSampler : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void laysDocumentsOut()
    {
        const LetterSource source({"tiiit"});
        const auto sampler = MultiModalSampler::create(source, 10, 1);
        VERIFY_OK(sampler);
        MultiModalBatch batch;
        sampler->fill(0, 0, 1, batch);
        checkBatch(batch);
        // The end of the first one is read between them; how the second begins is not predicted.
        QCOMPARE(lettersOf(batch, 0), std::string("tiiittiii."));
        QCOMPARE(batch.documents_BT, (std::vector<int32_t>{0, 0, 0, 0, 0, 1, 1, 1, 1, -1}));
        QCOMPARE(batch.ids_BT[4], kEnd);
        QCOMPARE(batch.targets_BT, (std::vector<int32_t>{0, 0, 0, kEnd, 0, 0, 0, 0, kEnd, 0}));
        QCOMPARE(batch.mask_BT, (std::vector<uint8_t>{0, 0, 0, 1, 0, 0, 0, 0, 1, 0}));
        QCOMPARE(batch.places_BT, (std::vector<int32_t>{0, 0, 1, 2, 0, 0, 0, 1, 2, 0}));
        QCOMPARE(batch.rows[1].positions_N, (std::vector<int32_t>{1, 2, 3, 6, 7, 8}));
        QCOMPARE(batch.rows[1].width, int64_t(3));
        std::vector<float> expected;
        for (int i : {1, 2, 3, 1, 2, 3})
            expected.insert(expected.end(), 3, static_cast<float>(i) / 127.5f - 1);
        QCOMPARE(batch.rows[1].features_NF, expected);
        QVERIFY(batch.rows[2].positions_N.empty());
    }

    void aDocumentMayFillTheSequenceExactly()
    {
        const LetterSource source({"taaat"}); // four inputs
        MultiModalBatch batch;
        MultiModalSampler::create(source, 4, 1)->fill(0, 0, 2, batch);
        checkBatch(batch);
        QCOMPARE(lettersOf(batch, 1), std::string("taaa"));
        QCOMPARE(batch.targets_BT[7], kEnd);
        QCOMPARE(batch.rows[2].features_NF.size(), size_t(6 * 4));
    }

    void longDocumentsBeginAtWholeParts()
    {
        const LetterSource source({"ttttttiiiittttttaaaatttttt"});
        const auto sampler = MultiModalSampler::create(source, 8, 1);
        MultiModalBatch batch;
        std::set<std::string> seen;
        for (int64_t step = 0; step < 200; ++step) {
            sampler->fill(step, 0, 2, batch);
            checkBatch(batch);
            for (int64_t b : {0, 1}) {
                QVERIFY2(lettersOf(batch, b)[0] == 't', lettersOf(batch, b).c_str());
                seen.insert(lettersOf(batch, b));
            }
        }
        // All starts but those within picture and recording: 0 … 5, 9 … 14 of the start mark's sequence, 16
        // and 17.
        QVERIFY(seen.contains("ttttttii"));
        QVERIFY(seen.contains("tiiiittt"));
        QVERIFY(seen.contains("ttttttaa"));
        QVERIFY(seen.size() >= 9);
    }

    void aPictureLongerThanTheContextStillTrains()
    {
        const LetterSource source({"t" + std::string(40, 'i') + "tt"});
        MultiModalBatch batch;
        const auto sampler = MultiModalSampler::create(source, 8, 1);
        for (int64_t step = 0; step < 50; ++step) {
            sampler->fill(step, 0, 1, batch);
            checkBatch(batch);
            QVERIFY(lettersOf(batch, 0).find('.') == std::string::npos);
        }
    }

    void whatIsDroppedIsAsIfItHadNeverBeen()
    {
        const LetterSource both({"tiiitaaatt"}), picture({"tiiitt"});
        MultiModalBatch batch;
        const auto sampler = MultiModalSampler::create(both, 10, 11, 0.25);
        VERIFY_OK(sampler);
        std::map<std::string, int> seen;
        constexpr int kSteps = 2000;
        for (int64_t step = 0; step < kSteps; ++step) {
            sampler->fill(step, 0, 1, batch);
            checkBatch(batch);
            const std::string first = lettersOf(batch, 0).substr(
                0, size_t(std::count(batch.documents_BT.begin(), batch.documents_BT.end(), 0)));
            ++seen[first];
            // Marks go with what they begin, and the text moves up.
            if (first == "tiiit")
                QCOMPARE(batch.ids_BT[4], 8);
            else if (first == "taaat")
                QCOMPARE(batch.ids_BT[0], 4);
        }
        // 0.25, then 0.75 · 0.25, and never both; within five standard deviations.
        QCOMPARE(seen.size(), size_t(3));
        QVERIFY2(std::abs(seen["taaat"] - 500) < 5 * 20, qPrintable(QString::number(seen["taaat"])));
        QVERIFY2(std::abs(seen["tiiit"] - 375) < 5 * 18, qPrintable(QString::number(seen["tiiit"])));
        QVERIFY(seen.contains("tiiitaaat"));
        MultiModalBatch again;
        sampler->fill(7, 0, 4, batch);
        sampler->fill(7, 0, 4, again);
        QVERIFY(batch == again);
        // Where a document has one of them alone, it stays.
        const auto alone = MultiModalSampler::create(picture, 6, 11, 0.99);
        for (int64_t step = 0; step < 50; ++step) {
            alone->fill(step, 0, 1, batch);
            QVERIFY2(lettersOf(batch, 0).starts_with("tiiit"), lettersOf(batch, 0).c_str());
        }
    }

    void microBatchesDoNotMoveTheData()
    {
        const auto source = shapes("?tasks=caption,both&n=50");
        VERIFY_OK(source);
        const auto sampler = MultiModalSampler::create(*source, 160, 7);
        MultiModalBatch whole;
        sampler->fill(3, 0, 6, whole);
        checkBatch(whole);
        for (int64_t count : {1, 2, 3}) {
            MultiModalBatch part;
            std::vector<int32_t> ids;
            std::vector<uint8_t> masks;
            std::vector<float> patches;
            for (int64_t micro = 0; micro < 6 / count; ++micro) {
                sampler->fill(3, micro, count, part);
                ids.insert(ids.end(), part.ids_BT.begin(), part.ids_BT.end());
                masks.insert(masks.end(), part.mask_BT.begin(), part.mask_BT.end());
                patches.insert(patches.end(), part.rows[1].features_NF.begin(),
                               part.rows[1].features_NF.end());
            }
            QCOMPARE(ids, whole.ids_BT);
            QCOMPARE(masks, whole.mask_BT);
            QCOMPARE(patches, whole.rows[1].features_NF);
        }
    }

    void isAPureFunctionOfSeedAndStep()
    {
        const auto source = shapes("?tasks=caption,both");
        const auto again = shapes("?tasks=caption,both");
        MultiModalBatch a;
        MultiModalBatch b;
        MultiModalSampler::create(*source, 128, 1)->fill(1'000'000, 0, 4, a);
        const auto sampler = MultiModalSampler::create(*again, 128, 1);
        sampler->fill(5, 0, 2, b);
        sampler->fill(1'000'000, 0, 4, b);
        QVERIFY(a == b);
        sampler->fill(1'000'001, 0, 4, b);
        QVERIFY(a.ids_BT != b.ids_BT);
        MultiModalSampler::create(*source, 128, 2)->fill(1'000'000, 0, 4, b);
        QVERIFY(a.ids_BT != b.ids_BT);
    }

    void everyDocumentIsDrawn()
    {
        std::vector<std::string> documents(20, "tttt");
        const LetterSource source(documents);
        const auto sampler = MultiModalSampler::create(source, 11, 1);
        MultiModalBatch batch;
        std::vector<int> seen(20, 0);
        for (int64_t step = 0; step < 400; ++step) {
            sampler->fill(step, 0, 1, batch);
            for (size_t t : {0, 4, 8}) ++seen[size_t(batch.ids_BT[t]) / 1000];
        }
        QVERIFY(*std::min_element(seen.begin(), seen.end()) > 30);
        QVERIFY(*std::max_element(seen.begin(), seen.end()) < 100);
    }

    void windowsShowEachTargetOnce()
    {
        const LetterSource source(
            {"tttt", "ttttttiiiittttttaaaatttttt", "tit", "t", "t" + std::string(20, 'i') + "tt"});
        for (int64_t context : {2, 3, 5, 8, 64}) {
            const MultiModalWindows windows(source, Split::Validation, context, 100);
            MultiModalBatch batch;
            std::multiset<int32_t> targets;
            for (int64_t w = 0; w < windows.numWindows(); ++w) {
                windows.fill(w, 1, batch);
                checkBatch(batch);
                for (size_t i = 0; i < batch.mask_BT.size(); ++i)
                    if (batch.mask_BT[i]) targets.insert(batch.targets_BT[i]);
            }
            // Loss counts on texts at even places, but for the first position of a document.
            std::multiset<int32_t> expected;
            MultiModalRecord record;
            for (uint64_t d = 0; d < 5; ++d) {
                source.readWhole(Split::Validation, d, record);
                for (size_t i = 1; i < record.size(); ++i)
                    if (record.loss_L[i]) expected.insert(record.ids_L[i]);
            }
            QVERIFY2(targets == expected, qPrintable(QString::number(context)));
        }
        const MultiModalWindows some(source, Split::Validation, 64, 3);
        QCOMPARE(some.numWindows(), int64_t(3));
        QCOMPARE(some.documentOf(2), uint64_t(2));
        QCOMPARE(MultiModalWindows(source, Split::Test, 64, 3).numWindows(), int64_t(0));
    }

    void refuses()
    {
        const LetterSource empty({});
        VERIFY_ERROR(MultiModalSampler::create(empty, 8, 1), ErrorCode::InvalidInput,
                     "\"letters\": the training split has no document");
        const LetterSource source({"tt"});
        VERIFY_ERROR(MultiModalSampler::create(source, 1, 1), ErrorCode::InvalidInput,
                     "model.context is 1, expected 2");
    }
};

QTEST_APPLESS_MAIN(TestMultiModalSampler)
#include "tst_multimodal_sampler.moc"
