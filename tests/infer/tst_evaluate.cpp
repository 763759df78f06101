// SPDX-License-Identifier: Apache-2.0
// Axes: B batch, T tokens.
#include "letter_tokenizer.h"
#include "tiny_run.h"

#include "core/infer/model_loader.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/tensor.h>

#include <QTemporaryDir>
#include <QtTest>

#include <cmath>
#include <fstream>

using namespace orrery;
namespace fs = std::filesystem;

namespace {

constexpr int64_t kContext = 16;

struct Reference {
    double sum = 0;
    int64_t tokens = 0;
};

/// One window at a time and one target at a time.
Reference plainLoss(nn::Transformer &model, const std::vector<int64_t> &ids,
                    const std::vector<int> &masks = {})
{
    const at::NoGradGuard noGradients;
    Reference reference;
    for (size_t begin = 0; begin + 1 < ids.size(); begin += kContext) {
        const size_t end = std::min(begin + kContext, ids.size() - 1);
        const std::vector<int64_t> seen(ids.begin() + std::ptrdiff_t(begin),
                                        ids.begin() + std::ptrdiff_t(end));
        const at::Tensor logP_TV = at::log_softmax(
            model.logits(at::tensor(seen, at::kLong).unsqueeze(0), {}).select(0, 0).to(at::kDouble), -1);
        for (size_t t = begin; t < end; ++t) {
            if (!masks.empty() && masks[t + 1] == 0) continue;
            reference.sum -= logP_TV[int64_t(t - begin)][ids[t + 1]].item<double>();
            ++reference.tokens;
        }
    }
    return reference;
}

std::vector<int64_t> idsOf(const std::string &text)
{
    std::vector<int64_t> ids;
    for (char c : text) ids.push_back(static_cast<unsigned char>(c));
    return ids;
}

} // namespace

class TestEvaluate : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    std::unique_ptr<Generator> m_generator;
    std::unique_ptr<nn::Transformer> m_plain;
    const std::atomic<bool> m_run{false};

    [[nodiscard]] std::string write(const std::string &name, const std::string &text) const
    {
        const fs::path path = fs::path(m_folder.path().toStdString()) / name;
        std::ofstream(path) << text;
        return path.string();
    }

private Q_SLOTS:
    void initTestCase()
    {
        const fs::path run = fs::path(m_folder.path().toStdString()) / "run";
        test::makeTinyRun(run, test::tinySpec(), {{100, 3.0}});
        auto loaded = loadGenerator({.path = run.string()}, "cpu", 1);
        QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().text().c_str());
        m_generator = std::move(loaded).value();
        m_plain = test::tinyModel(test::tinySpec(), 100);
    }

    void agreesWithOneWindowAtATime_data()
    {
        QTest::addColumn<int>("numBytes");
        QTest::newRow("two bytes") << 2;
        QTest::newRow("below a context") << 16;
        QTest::newRow("one window") << 17;
        QTest::newRow("one and a rest") << 30;
        QTest::newRow("windows without a rest") << 33;
        QTest::newRow("more than a batch") << 5003; // a batch holds 4,096 tokens
    }

    void agreesWithOneWindowAtATime()
    {
        QFETCH(int, numBytes);
        std::string text;
        for (int i = 0; i < numBytes; ++i) text += static_cast<char>('a' + i * i % 23);
        const auto summary = m_generator->evaluate(write("text.txt", text), m_run);
        QVERIFY2(summary.ok(), summary.ok() ? "" : summary.error().text().c_str());
        const Reference expected = plainLoss(*m_plain, idsOf(text));
        const double loss = expected.sum / double(expected.tokens);
        QCOMPARE(summary->tokens, int64_t(numBytes - 1));
        QCOMPARE(summary->tokens, expected.tokens);
        QVERIFY2(std::abs(summary->loss - loss) < 1e-5, qPrintable(QString::number(summary->loss - loss)));
        QVERIFY(std::abs(summary->bitsPerByte - loss / std::log(2.0)) < 1e-5);
        QVERIFY(std::abs(summary->perplexity - std::exp(loss)) < 1e-2);
    }

    void countsTheEndOfADocumentAsATokenWithoutBytes()
    {
        const auto summary =
            m_generator->evaluate(write("two.jsonl", "{\"text\":\"abc\"}\n{\"text\":\"de\"}\n"), m_run);
        QVERIFY2(summary.ok(), summary.ok() ? "" : summary.error().text().c_str());
        const double sum = plainLoss(*m_plain, {'a', 'b', 'c', 256}).sum + plainLoss(*m_plain, {256, 'd', 'e', 256}).sum;
        QCOMPARE(summary->tokens, int64_t(6));
        QVERIFY(std::abs(summary->loss - sum / 6) < 1e-5);
        QVERIFY(std::abs(summary->bitsPerByte - sum / std::log(2.0) / 4) < 1e-5); // b c d e
    }

    void documentsDoNotSeeEachOther_data()
    {
        QTest::addColumn<QList<int>>("lengths"); // bytes of each document
        QTest::newRow("both in one window") << QList<int>{3, 4};
        QTest::newRow("beyond a window, and a short one") << QList<int>{40, 5};
        QTest::newRow("a window and its mark") << QList<int>{16, 15, 17};
        QTest::newRow("empty ones between") << QList<int>{5, 0, 0, 20};
        QTest::newRow("more than a batch") << QList<int>(700, 9);
        QTest::newRow("a batch of long ones behind short ones") << QList<int>(300, 2) + QList<int>(40, 100);
    }

    /// Each by itself, one behind the mark that ends the one before.
    void documentsDoNotSeeEachOther()
    {
        QFETCH(QList<int>, lengths);
        std::string lines;
        Reference expected;
        int64_t numBytes = 0;
        for (int number = 0; number < lengths.size(); ++number) {
            std::string text;
            for (int i = 0; i < lengths[number]; ++i) text += static_cast<char>('a' + (i * i + number * 3) % 23);
            lines += "{\"text\":\"" + text + "\"}\n";
            std::vector<int64_t> ids = idsOf(text);
            if (number > 0) ids.insert(ids.begin(), 256);
            ids.push_back(256);
            const Reference one = plainLoss(*m_plain, ids);
            expected.sum += one.sum;
            expected.tokens += one.tokens;
            numBytes += lengths[number] - (number == 0 ? 1 : 0);
        }
        const auto summary = m_generator->evaluate(write("documents.jsonl", lines), m_run);
        QVERIFY2(summary.ok(), summary.ok() ? "" : summary.error().text().c_str());
        QCOMPARE(summary->tokens, expected.tokens);
        const double loss = expected.sum / double(expected.tokens);
        QVERIFY2(std::abs(summary->loss - loss) < 1e-5, qPrintable(QString::number(summary->loss - loss)));
        QVERIFY(std::abs(summary->bitsPerByte - expected.sum / std::log(2.0) / double(numBytes)) < 1e-5);
    }

    /// Nothing stands before the first token of each: it is nobody's target.
    void withoutMarksEachDocumentBeginsAnew()
    {
        const fs::path run = fs::path(m_folder.path().toStdString()) / "markless";
        RunSpec spec = test::tinySpec();
        spec.data.specialTokens = "none";
        test::makeTinyRun(run, spec, {{100, 3.0}});
        auto loaded = loadGenerator({.path = run.string()}, "cpu", 1);
        QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().text().c_str());
        const auto plain = test::tinyModel(spec, 100);
        const auto summary =
            (*loaded)->evaluate(write("markless.jsonl", "{\"text\":\"abc\"}\n{\"text\":\"defg\"}\n"), m_run);
        QVERIFY2(summary.ok(), summary.ok() ? "" : summary.error().text().c_str());
        const double sum = plainLoss(*plain, idsOf("abc")).sum + plainLoss(*plain, idsOf("defg")).sum;
        QCOMPARE(summary->tokens, int64_t(5));
        QVERIFY(std::abs(summary->loss - sum / 5) < 1e-5);
        QVERIFY(std::abs(summary->bitsPerByte - sum / std::log(2.0) / 5) < 1e-5);
    }

    void bitsAreOfTheTextAndNotOfItsTokens()
    {
        const fs::path run = fs::path(m_folder.path().toStdString()) / "spaceless";
        RunSpec spec = test::tinySpec();
        spec.data.tokenizer = (run / "tokenizer.json").string();
        spec.data.vocabSize = 272;
        test::makeTinyRun(run, spec, {{100, 3.0}});
        std::ofstream(run / "tokenizer.json") << test::letterTokenizer(
            R"("normalizer":{"type":"Replace","pattern":{"String":" "},"content":""},)"
            R"("pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},)");
        auto loaded = loadGenerator({.path = run.string()}, "cpu", 1);
        QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().text().c_str());
        const auto summary = (*loaded)->evaluate(write("spaces.txt", "a b  c d\ne  f"), m_run);
        QVERIFY2(summary.ok(), summary.ok() ? "" : summary.error().text().c_str());
        QCOMPARE(summary->tokens, int64_t(6)); // "abcd\nef" but for the first
        const double bits = summary->loss * 6 / std::log(2.0) / 12; // 13 bytes, of which the first is only seen
        QVERIFY2(std::abs(summary->bitsPerByte - bits) < 1e-6, qPrintable(QString::number(summary->bitsPerByte)));
    }

    /// All that is predicted is the end of the second text.
    void textsWithoutBytesHaveNoBitsPerByte()
    {
        const auto summary =
            m_generator->evaluate(write("ends.jsonl", "{\"text\":\"\"}\n{\"text\":\"\"}\n"), m_run);
        QVERIFY2(summary.ok(), summary.ok() ? "" : summary.error().text().c_str());
        QCOMPARE(summary->tokens, int64_t(1));
        QVERIFY(std::abs(summary->loss - plainLoss(*m_plain, {256, 256}).sum) < 1e-5);
        QVERIFY2(std::isnan(summary->bitsPerByte), qPrintable(QString::number(summary->bitsPerByte)));
    }

    void onlyTargetsWithLossCount()
    {
        const auto path =
            write("masked.jsonl", "{\"tokens\":[97,98,99,100,101],\"loss_mask\":[1,0,1,0,1]}\n");
        const auto summary = m_generator->evaluate(path, m_run);
        QVERIFY2(summary.ok(), summary.ok() ? "" : summary.error().text().c_str());
        const Reference expected = plainLoss(*m_plain, {97, 98, 99, 100, 101, 256}, {1, 0, 1, 0, 1, 0});
        QCOMPARE(summary->tokens, int64_t(2));
        QVERIFY(std::abs(summary->loss - expected.sum / 2) < 1e-5);
    }

    void rejectsWhatCannotBeMeasured_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<int>("code");
        QTest::newRow("missing") << m_folder.filePath("none.txt") << int(ErrorCode::NotFound);
        QTest::newRow("empty path") << "" << int(ErrorCode::InvalidInput);
        QTest::newRow("empty file") << QString::fromStdString(write("empty.txt", ""))
                                    << int(ErrorCode::InvalidInput);
        QTest::newRow("one byte") << QString::fromStdString(write("one.txt", "a"))
                                  << int(ErrorCode::InvalidInput);
        QTest::newRow("broken line") << QString::fromStdString(
                                            write("broken.jsonl", "{\"text\":\"a\"}\n{\"text\"\n"))
                                     << int(ErrorCode::InvalidInput);
        QTest::newRow("no loss anywhere")
            << QString::fromStdString(write("unmasked.jsonl", "{\"tokens\":[97,98],\"loss_mask\":[0,0]}\n"))
            << int(ErrorCode::InvalidInput);
    }

    void rejectsWhatCannotBeMeasured()
    {
        QFETCH(QString, path);
        const auto summary = m_generator->evaluate(path.toStdString(), m_run);
        QVERIFY(!summary.ok());
        QTEST(int(summary.error().code), "code");
        QVERIFY(summary.error().message.find(path.toStdString()) != std::string::npos);
    }

    void canBeCancelled()
    {
        const std::atomic<bool> cancel{true};
        const auto summary = m_generator->evaluate(write("long.txt", std::string(10'000, 'x')), cancel);
        QVERIFY(!summary.ok());
        QCOMPARE(summary.error().code, ErrorCode::Cancelled);
    }
};

QTEST_APPLESS_MAIN(TestEvaluate)
#include "tst_evaluate.moc"
