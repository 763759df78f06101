// SPDX-License-Identifier: Apache-2.0
// A look at a place of an answer that is longer than the context sees what the model saw when it wrote it.
#include "core/infer/seen_window.h"
#include "core/infer/text_generator.h"
#include "core/nn/extension_points.h"
#include "tests/base/check_result.h"
#include "tests/infer/media_model.h"

#include <QtTest>

#include <cmath>

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

} // namespace

class TestSeenWindow : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void findsWhereTheWindowBegins();
    void seesWhatWroteTheToken_data();
    void seesWhatWroteTheToken();
    void saysWhatItHasNotOfAModelThatRemembers();
    void tellsPlacesOfTheWholeText();
    void refusesRowsThatWereNotSeen();
};

void TestSeenWindow::findsWhereTheWindowBegins()
{
    // Context 8, half of it is kept: after 9 tokens the last 4 stand at its start, and so on each 5.
    QCOMPARE(windowOrigin(3, 8, 8), int64_t(0));
    QCOMPARE(windowOrigin(3, 9, 8), int64_t(5));
    QCOMPARE(windowOrigin(3, 13, 8), int64_t(5));
    QCOMPARE(windowOrigin(3, 14, 8), int64_t(10));
    // A prompt that is longer itself is read by its last tokens.
    QCOMPARE(windowOrigin(20, 20, 8), int64_t(12));
    QCOMPARE(windowOrigin(20, 21, 8), int64_t(17));
    QCOMPARE(windowOrigin(20, 10, 8), int64_t(2));
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
    VERIFY_OK(generator.generate(
        request,
        [&](const GeneratedToken &token) {
            answer.push_back(token);
            return true;
        },
        kNever));
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
