// SPDX-License-Identifier: Apache-2.0
#include "core/infer/background_texts.h"

#include <QTest>

#include <algorithm>
#include <numeric>

using namespace orrery;

namespace {

/// One document of consecutive ids.
void addDocument(BackgroundTexts &texts, int32_t first, int32_t count)
{
    std::vector<int32_t> ids(static_cast<size_t>(count));
    std::iota(ids.begin(), ids.end(), first);
    QVERIFY(texts.beginDocument().ok());
    // In two pieces, as a reader brings them.
    const auto half = ids.size() / 2;
    QVERIFY(texts.append(std::span(ids).first(half), uint8_t{1}).ok());
    QVERIFY(texts.append(std::span(ids).subspan(half), uint8_t{1}).ok());
    QVERIFY(texts.endDocument().ok());
}

} // namespace

class TestBackgroundTexts : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void keepsAllOfASmallCorpus();
    void staysWithinADocument();
    void drawsFromTheWholeCorpus();
    void isTheSameEachTime();
    void readsNoMoreThanItsLimit();
};

void TestBackgroundTexts::keepsAllOfASmallCorpus()
{
    BackgroundTexts background(3);
    addDocument(background, 0, 10);
    const std::vector<std::vector<int32_t>> expected = {{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9}};
    QCOMPARE(background.texts(), expected);
    QVERIFY(!background.isFull());
}

void TestBackgroundTexts::staysWithinADocument()
{
    BackgroundTexts background(7);
    addDocument(background, 0, 3);
    addDocument(background, 100, 1); // predicts nothing: no text
    addDocument(background, 200, 2);
    const std::vector<std::vector<int32_t>> expected = {{0, 1, 2}, {200, 201}};
    QCOMPARE(background.texts(), expected);
}

void TestBackgroundTexts::drawsFromTheWholeCorpus()
{
    BackgroundTexts background(9, {.maxTexts = 100});
    for (int32_t document = 0; document < 1000; ++document) addDocument(background, document * 10, 10);
    const auto texts = background.texts();
    QCOMPARE(texts.size(), size_t{100});
    // A hundred of a thousand, each as probable: 25 of each quarter, standard deviation 4.1.
    std::vector<int> quarters(4);
    for (const auto &text : texts) {
        QCOMPARE(text.size(), size_t{10});
        ++quarters[static_cast<size_t>(text.front() / 2500)];
    }
    for (const int count : quarters) QVERIFY2(count >= 9 && count <= 41, qPrintable(QString::number(count)));
    auto sorted = texts;
    std::sort(sorted.begin(), sorted.end());
    QVERIFY(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
}

void TestBackgroundTexts::isTheSameEachTime()
{
    BackgroundTexts one(9, {.maxTexts = 5}), other(9, {.maxTexts = 5});
    for (BackgroundTexts *background : {&one, &other}) addDocument(*background, 0, 1000);
    QCOMPARE(one.texts(), other.texts());
}

void TestBackgroundTexts::readsNoMoreThanItsLimit()
{
    BackgroundTexts background(3, {.maxTexts = 100, .maxTokens = 6});
    std::vector<int32_t> ids(20);
    std::iota(ids.begin(), ids.end(), 0);
    QVERIFY(background.beginDocument().ok());
    const auto read = background.append(ids, uint8_t{1});
    QVERIFY(!read.ok());
    QCOMPARE(read.error().code, ErrorCode::Cancelled);
    QVERIFY(background.isFull());
    const std::vector<std::vector<int32_t>> expected = {{0, 1, 2, 3}, {4, 5}};
    QCOMPARE(background.texts(), expected);
}

QTEST_APPLESS_MAIN(TestBackgroundTexts)
#include "tst_background_texts.moc"
