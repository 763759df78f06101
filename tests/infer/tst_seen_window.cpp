// SPDX-License-Identifier: Apache-2.0
// A look at a place of an answer that is longer than the context sees what the model saw when it wrote it.
#include "core/inspect/seen_window.h"
#include "core/infer/text_generator.h"
#include "core/nn/extension_points.h"
#include "tests/base/check_result.h"
#include "tests/infer/media_model.h"

#include <QtTest>

#include <cmath>
#include <functional>

using namespace orrery;

namespace {

const std::atomic<bool> kNever{false};

/// A part that remembers, and has nothing to say of it.
class Silent final : public nn::ResidualModule {
public:
    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &) override
    {
        return at::zeros_like(x_BTC);
    }
    [[nodiscard]] bool remembers() const override { return true; }
};

LoadedModel loadedModel(int64_t context, bool remembers = false)
{
    if (remembers)
        nn::residualModuleRegistry().add("silent",
                                         [](nn::BuildContext &) { return std::make_unique<Silent>(); });
    RunSpec spec = test::tinySpec();
    spec.model.layers = 2;
    spec.model.context = context;
    LoadedModel loaded;
    loaded.model = test::tinyModel(spec, 100);
    nn::residualModuleRegistry().remove("silent");
    {
        const at::NoGradGuard noGradients;
        for (nn::Parameter &parameter : loaded.model->parameters())
            if (parameter.decays) parameter.master.mul_(8);
        loaded.model->mastersChanged();
    }
    loaded.tokenizer = std::move(Tokenizer::create(spec.data)).value();
    loaded.data = spec.data;
    loaded.info.name = "talker@100";
    return loaded;
}

std::function<bool(const GeneratedToken &)> collect(std::vector<GeneratedToken> &tokens)
{
    return [&tokens](const GeneratedToken &token) {
        tokens.push_back(token);
        return true;
    };
}

} // namespace

class TestSeenWindow : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void findsWhereTheWindowBegins();
    void neverCutsAPicture();
    void seesWhatWroteAnAnswerToAPicture();
    void seesWhatWroteALongTalkAboutAPicture_data();
    void seesWhatWroteALongTalkAboutAPicture();
    void seesWhatWroteTheToken_data();
    void seesWhatWroteTheToken();
    void saysWhatItHasNotOfAModelThatRemembers();
    void tellsPlacesOfTheWholeText();
    void refusesRowsThatWereNotSeen();
};

void TestSeenWindow::findsWhereTheWindowBegins()
{
    const std::vector<int32_t> ids(40, 'x');
    const auto originOf = [&ids](int64_t numTogether, int64_t numRead, bool remembers = false) {
        const auto window = seenWindow({ids}, numRead - 1, {8, numTogether, remembers});
        return window ? window->begin : int64_t(-1);
    };
    // Context 8, half of it is kept: after 9 tokens the last 4 stand at its start, and so on each 5.
    QCOMPARE(originOf(3, 8), int64_t(0));
    QCOMPARE(originOf(3, 9), int64_t(5));
    QCOMPARE(originOf(3, 13), int64_t(5));
    QCOMPARE(originOf(3, 14), int64_t(10));
    // A prompt that is longer itself is read by its last tokens.
    QCOMPARE(originOf(20, 20), int64_t(12));
    QCOMPARE(originOf(20, 21), int64_t(17));
    QCOMPARE(originOf(20, 10), int64_t(2));
    // A model that remembers reads it from its start.
    QCOMPARE(originOf(20, 8, true), int64_t(0));
    QCOMPARE(originOf(20, 10, true), int64_t(5));
    QCOMPARE(originOf(20, 21, true), int64_t(15));
}

void TestSeenWindow::neverCutsAPicture()
{
    // Tokens 2 to 5 are a picture, 6 to 9 another one.
    std::vector<int32_t> ids(12, 'x');
    ModalityBatch batch{.numModalities = 3, .modality_BT = {0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 0, 0}, .rows = {}};
    batch.rows.resize(3);
    for (size_t m : {1, 2}) batch.rows[m] = {.features_NF = {1, 2, 3, 4}, .places_N = {0, 1, 2, 3}, .width = 1};
    const MixedText text{ids, std::make_shared<const MediaPositions>(std::move(batch))};
    const auto seen = [&text](int64_t last, const Reading &reading) {
        const auto window = seenWindow(text, last, reading);
        return window ? std::pair(window->begin, window->end) : std::pair(int64_t(-1), int64_t(-1));
    };
    using Ends = std::pair<int64_t, int64_t>;
    QCOMPARE(seen(11, {8, 12, false}), Ends(6, 12)); // not the end of the first one
    QCOMPARE(seen(1, {8, 12, false}), Ends(0, 6));   // nor the start of the second one
    QCOMPARE(seen(3, {8, 12, false}), Ends(0, 6));
    QCOMPARE(seen(7, {8, 12, false}), Ends(6, 12)); // with one of its patches all of them
    QCOMPARE(seen(7, {8, 12, true}), Ends(6, 12));  // as it is read: there was no room for it
    VERIFY_ERROR(seenWindow(text, 7, {3, 12, false}), ErrorCode::InvalidInput,
                 "at token 7 has 4 tokens, expected fewer than the context of 3");
    VERIFY_ERROR(seenWindow(text, 7, {3, 12, true}), ErrorCode::InvalidInput, "at token 7 has 4 tokens");
}

void TestSeenWindow::seesWhatWroteAnAnswerToAPicture()
{
    if (!encodePng(Image{1, 1, {0, 0, 0}})) QSKIP("built without picture files");
    GenerateRequest request;
    request.prompt = "what is this?";
    request.media = {{test::pictureOf(90), "a.png", 4}};
    request.sampling = {.maxTokens = 100, .temperature = 0};
    TextGenerator generator(test::mediaModel());
    std::vector<GeneratedToken> answer;
    const auto summary = generator.generate(request, collect(answer), kNever);
    VERIFY_OK(summary);
    const int64_t numGiven = summary->promptTokens, numAll = numGiven + std::ssize(answer);
    QCOMPARE(numAll, int64_t(49)); // the context is 48: the last one was written and not read
    InspectRequest look{.input = request, .wantsOverview = false};
    for (const GeneratedToken &token : answer) look.input.answerIds.push_back(token.id);
    for (size_t k = 0; k < answer.size(); ++k) {
        look.token = numGiven + int64_t(k) - 1;
        const auto report = generator.inspect(look, kNever);
        VERIFY_OK(report);
        QCOMPARE(std::ssize(report->tokens), numAll);
        QCOMPARE(report->candidates[0].id, answer[k].id);
        QVERIFY(std::abs(report->candidates[0].probability - answer[k].probability) < 1e-4);
        QCOMPARE(report->note, "Of 49 tokens the model has 0 to 47 before it here: its context is 48.");
    }
    // Behind the last token of all the first one has left; the picture is tokens 5 to 8.
    look.token = 48;
    look.heads = {{1, 0}};
    look.rows = {48, 49};
    const auto last = generator.inspect(look, kNever);
    VERIFY_OK(last);
    QCOMPARE(last->tokens[6].modality, Modality::Image);
    QCOMPARE(last->tokens[6].place, int64_t(1));
    QCOMPARE(last->maps[0].firstColumn, int64_t(1));
    look.input.media[0].place = 0; // tokens 1 to 4: it would be cut
    const auto whole = generator.inspect(look, kNever);
    VERIFY_OK(whole);
    QCOMPARE(whole->maps[0].firstColumn, int64_t(5));
    look.input.answerIds.push_back('x');
    look.input.answerIds.push_back('y');
    look.token = 50;
    look.rows = {50, 51};
    const auto cut = generator.inspect(look, kNever);
    VERIFY_OK(cut);
    QCOMPARE(cut->maps[0].firstColumn, int64_t(5));
    QCOMPARE(cut->note, "Of 51 tokens the model has 5 to 50 before it here: its context is 48.");
    // A generation does not go on from there.
    request.answerIds = look.input.answerIds;
    VERIFY_ERROR(generator.generate(request, {}, kNever), ErrorCode::InvalidInput,
                 "the beginning of the answer have 51 tokens, expected at most the model's context of 48");
}

void TestSeenWindow::seesWhatWroteALongTalkAboutAPicture_data()
{
    QTest::addColumn<QString>("first");
    QTest::addColumn<QString>("second");
    QTest::newRow("pictures leave with their turn") << "see this"
                                                    << "and now?";
    QTest::newRow("a first turn that has no room") << QString(40, u'a') << "and now?";
    QTest::newRow("a long last turn") << "see" << QString(30, u'b');
}

void TestSeenWindow::seesWhatWroteALongTalkAboutAPicture()
{
    if (!encodePng(Image{1, 1, {0, 0, 0}})) QSKIP("built without picture files");
    QFETCH(QString, first);
    QFETCH(QString, second);
    size_t numCompared = 0;
    // Some of its answers are short: the model is no more than its first numbers.
    for (char letter = 'a'; letter <= 'z' && numCompared < 60; ++letter) {
        GenerateRequest request;
        request.messages = {{"user", first.toStdString(), {{test::pictureOf(90), "a.png", 2}}},
                            {"assistant", "yes"},
                            {"user", second.toStdString() + letter, {{test::pictureOf(200), "b.png", 1}}}};
        request.sampling = {.maxTokens = 60, .temperature = 0};
        TextGenerator generator(test::mediaModel());
        std::vector<GeneratedToken> answer;
        const auto summary = generator.generate(request, collect(answer), kNever);
        VERIFY_OK(summary);
        InspectRequest look{.input = request, .wantsOverview = false};
        for (const GeneratedToken &token : answer) look.input.answerIds.push_back(token.id);
        for (size_t k = 0; k < answer.size(); ++k) {
            look.token = summary->promptTokens + int64_t(k) - 1;
            const auto report = generator.inspect(look, kNever);
            VERIFY_OK(report);
            QVERIFY2(std::abs(report->candidates[0].probability - answer[k].probability) < 1e-4,
                     qPrintable(QString::number(k)));
            QCOMPARE(report->candidates[0].id, answer[k].id);
            ++numCompared;
        }
    }
    QVERIFY(numCompared >= 60);
}

void TestSeenWindow::seesWhatWroteTheToken_data()
{
    QTest::addColumn<int>("promptLength");
    QTest::addColumn<bool>("remembers");
    QTest::newRow("short prompt") << 5 << false;
    QTest::newRow("a whole context") << 16 << false;
    QTest::newRow("more than a context") << 21 << false;
    QTest::newRow("short prompt, remembers") << 5 << true;
    QTest::newRow("more than a context, remembers") << 21 << true;
}

void TestSeenWindow::seesWhatWroteTheToken()
{
    QFETCH(int, promptLength);
    QFETCH(bool, remembers);
    TextGenerator generator(loadedModel(16, remembers));
    GenerateRequest request;
    request.prompt = std::string(static_cast<size_t>(promptLength), 'a');
    request.prompt[1] = 'q';
    request.sampling.maxTokens = 40;
    request.sampling.temperature = 0;
    std::vector<GeneratedToken> answer;
    VERIFY_OK(generator.generate(request, collect(answer), kNever));
    QCOMPARE(answer.size(), size_t(40));
    InspectRequest look{.input = request, .wantsOverview = false};
    for (const GeneratedToken &token : answer) look.input.answerIds.push_back(token.id);
    for (size_t k = 0; k < answer.size(); ++k) {
        look.token = promptLength + int64_t(k) - 1;
        const auto report = generator.inspect(look, kNever);
        QVERIFY2(report.ok(), report.ok() ? "" : report.error().text().c_str());
        QCOMPARE(report->token, look.token);
        QCOMPARE(report->tokens.size(), size_t(promptLength) + answer.size());
        QCOMPARE(report->candidates[0].id, answer[k].id);
        QVERIFY2(std::abs(report->candidates[0].probability - answer[k].probability) < 1e-4,
                 qPrintable(QString::number(k)));
    }
}

void TestSeenWindow::saysWhatItHasNotOfAModelThatRemembers()
{
    const std::string without = "Read without what it remembered beside this window.";
    TextGenerator remembering(loadedModel(16, true)), plain(loadedModel(16));
    InspectRequest look{.wantsOverview = false};
    look.input.prompt = std::string(32, 'x');
    const auto noteOf = [&look](TextGenerator &generator, int64_t token) {
        look.token = token;
        const auto report = generator.inspect(look, kNever);
        if (!report) qFatal("%s", report.error().text().c_str());
        return report->note;
    };
    const std::string note = noteOf(remembering, 31);
    QCOMPARE(note, "Of 32 tokens the model has 18 to 31 before it here: its context is 16. " + without);
    QVERIFY(noteOf(plain, 31).find(without) == std::string::npos);
    // The first window is all that it had read.
    QVERIFY(noteOf(remembering, 12).find(without) == std::string::npos);
    look.input.prompt = "short";
    QCOMPARE(noteOf(remembering, 4), std::string());
}

void TestSeenWindow::tellsPlacesOfTheWholeText()
{
    TextGenerator generator(loadedModel(16));
    InspectRequest look{.wantsOverview = false};
    look.input.prompt = "abcdefghijklmnopqrstuvwxyzabcdef"; // 32 tokens: 16 to 31 are seen from the last one
    look.heads = {{1, 0}};
    look.rows = {31, 32};
    look.token = 31;
    look.wantsAttribution = true;
    const auto report = generator.inspect(look, kNever);
    QVERIFY2(report.ok(), report.ok() ? "" : report.error().text().c_str());
    QCOMPARE(report->tokens.size(), size_t(32));
    QCOMPARE(report->tokens[0].bytes, std::string("a"));
    QVERIFY(std::isnan(report->tokens[16].surprise)); // the first that was read
    QVERIFY(!std::isnan(report->tokens[17].surprise));
    QCOMPARE(report->attribution.size(), size_t(32));
    QCOMPARE(report->attribution[15], 0.0F);
    QVERIFY(report->attribution[31] != 0.0F);
    QCOMPARE(report->maps.size(), size_t(1));
    QCOMPARE(report->maps[0].firstRow, int64_t(31));
    QCOMPARE(report->maps[0].firstColumn, int64_t(16));
    QCOMPARE(report->maps[0].numColumns, int64_t(16));
    QVERIFY(report->note.find("16 to 31") != std::string::npos);
    // From a place in the middle of the prompt what stands behind the window was not read, either.
    look.rows = {20, 21};
    look.token = 20;
    const auto earlier = generator.inspect(look, kNever);
    QVERIFY2(earlier.ok(), earlier.ok() ? "" : earlier.error().text().c_str());
    QCOMPARE(earlier->maps[0].firstColumn, int64_t(5));
    QCOMPARE(earlier->token, int64_t(20));
    QVERIFY(std::isnan(earlier->tokens[30].surprise));
}

void TestSeenWindow::refusesRowsThatWereNotSeen()
{
    TextGenerator generator(loadedModel(16));
    InspectRequest look{.wantsOverview = false};
    look.input.prompt = std::string(32, 'x');
    look.heads = {{0, 0}};
    look.rows = {3, 4};
    look.token = 31;
    VERIFY_ERROR(generator.inspect(look, kNever), ErrorCode::InvalidInput,
                 "the rows are 3 to 4, expected some of the tokens 16 to 31");
    look.rows = {};
    look.token = 32;
    VERIFY_ERROR(generator.inspect(look, kNever), ErrorCode::InvalidInput, "token");
}

QTEST_APPLESS_MAIN(TestSeenWindow)
#include "tst_seen_window.moc"
