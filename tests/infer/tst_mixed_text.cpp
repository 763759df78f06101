// SPDX-License-Identifier: Apache-2.0
// Texts with pictures: what two of them have in common, and where they may be cut.
#include "core/inspect/mixed_text.h"

#include <QtTest>

using namespace orrery;

namespace {

/// "ab" are two tokens of text; "(12)" is a picture of two patches with these contents; "<12>" a recording.
struct Sketch {
    std::vector<int32_t> ids;
    std::shared_ptr<const MediaPositions> media;

    explicit Sketch(const std::string &drawn)
    {
        ModalityBatch batch;
        batch.numModalities = 3;
        batch.rows.resize(3);
        batch.rows[1].width = batch.rows[2].width = 1;
        uint8_t modality = 0;
        int32_t place = 0;
        for (char c : drawn) {
            if (std::string_view("()<>").find(c) != std::string_view::npos) {
                modality = c == '(' ? 1 : c == '<' ? 2 : 0;
                place = 0;
                continue;
            }
            ids.push_back(modality == 0 ? c : 0);
            batch.modality_BT.push_back(modality);
            if (modality == 0) continue;
            batch.rows[modality].features_NF.push_back(static_cast<float>(c));
            batch.rows[modality].places_N.push_back(place++);
        }
        media = std::make_shared<const MediaPositions>(std::move(batch));
    }
    [[nodiscard]] MixedText text() const { return {ids, media}; }
};

} // namespace

class TestMixedText : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void findsTheCommonStart_data()
    {
        QTest::addColumn<QString>("one");
        QTest::addColumn<QString>("other");
        QTest::addColumn<int>("common");
        QTest::newRow("text") << "abc"
                              << "abd" << 2;
        QTest::newRow("all of it") << "abc"
                                   << "abcd" << 3;
        QTest::newRow("a picture and more") << "a(12)b"
                                            << "a(12)bc" << 4;
        QTest::newRow("text behind it differs") << "a(12)b"
                                                << "a(12)c" << 3;
        QTest::newRow("its last patch differs") << "a(12)b"
                                                << "a(13)b" << 1;
        QTest::newRow("its first patch differs") << "a(12)b"
                                                 << "a(32)b" << 1;
        QTest::newRow("it goes on") << "a(12)b"
                                    << "a(123)b" << 1;
        QTest::newRow("it ends before") << "a(123)b"
                                        << "a(12)b" << 1;
        QTest::newRow("it ends the shorter one") << "a(12)"
                                                 << "a(123)" << 1;
        QTest::newRow("the second differs") << "a(12)b(34)"
                                            << "a(12)b(35)c" << 4;
        QTest::newRow("a recording of the same numbers") << "a(12)b"
                                                         << "a<12>b" << 1;
        QTest::newRow("text with the id of patches")
            << "a(12)b" << QStringLiteral("a") + QChar(0) + QChar(0) + "b" << 1;
        QTest::newRow("nothing") << ""
                                 << "a" << 0;
    }
    void findsTheCommonStart()
    {
        QFETCH(QString, one);
        QFETCH(QString, other);
        QFETCH(int, common);
        const Sketch first(one.toStdString()), second(other.toStdString());
        QCOMPARE(commonStart(first.text(), second.text()), int64_t{common});
        QCOMPARE(commonStart(second.text(), first.text()), int64_t{common});
    }

    void textWithoutPicturesIsText()
    {
        const Sketch text("abc"), picture("ab(12)");
        QCOMPARE(commonStart({text.ids, nullptr}, picture.text()), int64_t{2});
        QCOMPARE(commonStart({text.ids, nullptr}, {text.ids, nullptr}), int64_t{3});
        const MixedText plain{text.ids, nullptr};
        QCOMPARE(plain.wholeFrom(1), int64_t{1});
        QCOMPARE(plain.wholeTo(1), int64_t{1});
        QCOMPARE(plain.wholeCount(0, 2), int64_t{2});
        // Tokens that are appended later stand behind what the positions know.
        std::vector<int32_t> longer = picture.ids;
        longer.push_back('x');
        QVERIFY((MixedText{longer, picture.media}.isText(4)));
        QVERIFY(picture.media->isAllText(4, 3));
    }

    void cutsBetweenPictures()
    {
        const Sketch sketch("ab(123)c(45)<67>");
        const MixedText text = sketch.text();
        const auto from = [&](int64_t i) { return text.wholeFrom(i); };
        QCOMPARE((std::vector<int64_t>{from(1), from(2), from(3), from(4), from(5), from(6)}),
                 (std::vector<int64_t>{1, 5, 5, 5, 5, 8}));
        const auto to = [&](int64_t i) { return text.wholeTo(i); };
        QCOMPARE((std::vector<int64_t>{to(1), to(2), to(4), to(5), to(7), to(8)}),
                 (std::vector<int64_t>{1, 2, 2, 5, 6, 8}));
        QCOMPARE(text.wholeCount(0, 1), int64_t{1});
        QCOMPARE(text.wholeCount(0, 2), int64_t{2}); // the picture begins there
        QCOMPARE(text.wholeCount(0, 3), int64_t{2}); // and is not begun
        QCOMPARE(text.wholeCount(0, 5), int64_t{5});
        QCOMPARE(text.wholeCount(2, 1), int64_t{3}); // at its start it is taken whole
        QCOMPARE(text.wholeCount(2, 3), int64_t{3});
        QCOMPARE(text.wholeCount(2, 5), int64_t{4});
        QCOMPARE(text.wholeCount(6, 3), int64_t{2}); // a recording behind a picture
        QCOMPARE(text.wholeCount(6, 4), int64_t{4});
    }

    void slicesKeepRowsAndPlaces()
    {
        const Sketch sketch("a(123)b<45>c");
        const ModalityBatch slice = sketch.media->slice(2, 6); // "23)b<45>c"
        QCOMPARE(slice.numModalities, int64_t{3});
        QCOMPARE(slice.modality_BT, (std::vector<uint8_t>{1, 1, 0, 2, 2, 0}));
        QCOMPARE(slice.rows[1].features_NF, (std::vector<float>{'2', '3'}));
        QCOMPARE(slice.rows[1].places_N, (std::vector<int32_t>{1, 2}));
        QCOMPARE(slice.rows[2].features_NF, (std::vector<float>{'4', '5'}));
        QCOMPARE(slice.rows[2].width, int64_t{1});
        QCOMPARE(sketch.media->slice(7, 3).modality_BT, (std::vector<uint8_t>{0, 0, 0}));
    }
};

QTEST_APPLESS_MAIN(TestMixedText)
#include "tst_mixed_text.moc"
