// SPDX-License-Identifier: Apache-2.0
#include "core/infer/background_texts.h"

#include "core/infer/background_reader.h"
#include "tests/base/check_result.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <fstream>
#include <map>
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

const std::atomic<bool> kNever{false};

/// Of a model with a context of 3 that reads bytes.
Result<std::vector<std::vector<int32_t>>> readBytes(const std::vector<std::string> &paths, int64_t context = 3,
                                                    const std::atomic<bool> &cancel = kNever)
{
    const auto tokenizer = Tokenizer::create({});
    BackgroundRequest request{.paths = paths, .data = {}, .frontEnd = frontEndOf({}), .context = context};
    request.tokenizer = tokenizer->get();
    return readBackground(request, cancel);
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
    void ofSeveralTextsEachHasItsShare();
    void ofPicturesAndRecordingsTheTextsAreRead();
    void saysWhatCannotBeRead();

private:
    std::string write(const char *name, const std::string &text)
    {
        const std::string path = m_folder.filePath(QString::fromUtf8(name)).toStdString();
        std::ofstream(path) << text;
        return path;
    }
    QTemporaryDir m_folder;
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

void TestBackgroundTexts::ofSeveralTextsEachHasItsShare()
{
    // 1,000 texts of four bytes each: all would go to the first, were they not shared out.
    const auto texts = readBytes({write("a.txt", std::string(4000, 'a')), write("b.txt", std::string(4000, 'b')),
                                  write("c.txt", std::string(4000, 'c'))});
    VERIFY_OK(texts);
    QCOMPARE(texts->size(), size_t{256});
    std::map<int32_t, int> numOf;
    for (const auto &text : *texts) {
        QCOMPARE(text, std::vector<int32_t>(4, text.front()));
        ++numOf[text.front()];
    }
    QCOMPARE(numOf, (std::map<int32_t, int>{{'a', 86}, {'b', 85}, {'c', 85}}));
    QCOMPARE(readBytes({write("a.txt", std::string(4000, 'a'))})->size(), size_t{256});
}

void TestBackgroundTexts::ofPicturesAndRecordingsTheTextsAreRead()
{
    const auto texts = readBytes({"gen:shapes?n=40&val=4&test=1&tasks=caption,both"}, 255);
    VERIFY_OK(texts);
    QCOMPARE(texts->size(), size_t{40}); // a document of the training split each
    for (const auto &text : *texts) {
        // Bytes and the end: neither patches and frames nor the marks before them.
        QVERIFY(text.size() > 4 && text.back() == static_cast<int32_t>(SpecialToken::EndOfText));
        for (size_t i = 0; i + 1 < text.size(); ++i)
            QVERIFY2(text[i] >= ' ' && text[i] < 127, qPrintable(QString::number(text[i])));
    }
    QVERIFY(texts->front() != texts->back());
}

void TestBackgroundTexts::saysWhatCannotBeRead()
{
    VERIFY_ERROR(readBytes({m_folder.filePath("gone.txt").toStdString()}), ErrorCode::NotFound, "gone.txt");
    const std::string one = write("one.txt", "x"), text = write("text.txt", "some text");
    VERIFY_ERROR(readBytes({one}), ErrorCode::InvalidInput, "there is none, expected one of two tokens or more");
    VERIFY_OK(readBytes({one, text}));
    const std::atomic<bool> cancel{true};
    VERIFY_ERROR(readBytes({text}, 3, cancel), ErrorCode::Cancelled, "text.txt");
    VERIFY_ERROR(readBytes({"gen:shapes?n=4&val=1&test=1"}, 3, cancel), ErrorCode::Cancelled, "gen:shapes");
}

QTEST_APPLESS_MAIN(TestBackgroundTexts)
#include "tst_background_texts.moc"
