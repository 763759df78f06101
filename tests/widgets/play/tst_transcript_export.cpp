// SPDX-License-Identifier: GPL-3.0-or-later
// Transcripts as files, and what the playground's frame offers.
#include "play_setup.h"

#include "widgets/common/view_link.h"
#include "widgets/play/conversation_pane.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/side_by_side.h"
#include "widgets/play/transcript_export.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

VersionPtr answerOf(const std::string &text)
{
    auto version = std::make_shared<GenerationVersion>();
    version->model = u"code@8000"_s;
    version->modelTitle = u"code"_s;
    version->request.sampling.seed = 7;
    version->tokens = tokensOf(text);
    return version;
}

Transcript promptTranscript(const std::string &answer)
{
    Transcript transcript;
    transcript.turns.push_back({TurnRole::Unknown, {}, {}, {answerOf(answer)}, 0});
    transcript.prompt = "a ``` fence";
    return transcript;
}

Transcript talkTranscript()
{
    Transcript transcript;
    transcript.turns.push_back({TurnRole::User, "hi", {}, {}, 0});
    transcript.turns.push_back({TurnRole::Assistant, {}, {}, {answerOf("x\xC3\"")}, 0});
    return transcript;
}

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("not there");
}

} // namespace

class TestTranscriptExport : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void pagesFenceTheTexts();
    void tablesHaveALineForEachToken();
    void filesAreWrittenByTheirEnding();
    void anotherEndingIsRefused();
    void placesThatCannotBeWrittenAreTold();
    void frameOffersCommandLinkAndHelp();
};

void TestTranscriptExport::pagesFenceTheTexts()
{
    const QString page = transcriptMarkdown(promptTranscript("one"));
    QVERIFY2(
        page.startsWith(u"## Prompt\n\n````text\na ``` fence\n````\n\n## Answer\n\n```text\none\n```\n\n"_s),
        qPrintable(page));
    QVERIFY2(page.contains(u"code, step 8,000, temperature 0.8, seed 7, 0.8440 nats/token"_s),
             qPrintable(page));
    QVERIFY(
        transcriptMarkdown(talkTranscript()).startsWith(u"## User\n\n```text\nhi\n```\n\n## Assistant\n"_s));
}

void TestTranscriptExport::tablesHaveALineForEachToken()
{
    QCOMPARE(transcriptCsv(talkTranscript()),
             u"turn,token,id,text,probability,entropy_nats,given\n2,0,120,\"x\",0.43,1.25,0\n"
             "2,1,195,\"\\xC3\",0.43,1.25,0\n2,2,34,\"\"\"\",0.43,1.25,0\n"_s);
}

void TestTranscriptExport::filesAreWrittenByTheirEnding()
{
    const QTemporaryDir folder;
    for (const QString &ending : {u"md"_s, u"csv"_s}) {
        const QString path = folder.filePath(u"a."_s + ending);
        QVERIFY(saveTranscript(promptTranscript("one"), path).ok());
    }
    QCOMPARE(contentOf(folder.filePath(u"a.csv"_s)), transcriptCsv(promptTranscript("one")).toUtf8());
    QCOMPARE(contentOf(folder.filePath(u"a.md"_s)), transcriptMarkdown(promptTranscript("one")).toUtf8());
}

void TestTranscriptExport::anotherEndingIsRefused()
{
    const Result<void> saved = saveTranscript(promptTranscript("one"), u"a.pdf"_s);
    QVERIFY(!saved.ok());
    QCOMPARE(saved.error().code, ErrorCode::InvalidInput);
    QCOMPARE(saved.error().message,
             std::string("Cannot save the transcript as \"a.pdf\": its ending is \".pdf\", "
                         "expected .md or .csv."));
}

void TestTranscriptExport::placesThatCannotBeWrittenAreTold()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(u"missing/a.md"_s);
    const Result<void> saved = saveTranscript(promptTranscript("one"), path);
    QVERIFY(!saved.ok());
    QCOMPARE(saved.error().code, ErrorCode::Io);
    QVERIFY(
        saved.error().message.starts_with("Cannot save the transcript as \"" + path.toStdString() + "\": "));
}

void TestTranscriptExport::frameOffersCommandLinkAndHelp()
{
    Setup setup;
    QVERIFY(setup.panel->commandText().startsWith(u"orrery-engine generate code --prompt Hello"_s));
    const QString link = setup.panel->viewLink();
    QVERIFY2(link.startsWith(u"orrery:play?"_s), qPrintable(link));
    setup.panel->setInfill(true);
    setup.panel->afterEditor()->setPlainText(u"world"_s);
    setup.panel->setModel(u"code@4000"_s);
    const QVariantMap state = setup.panel->view().state();
    PlaygroundPanel other(setup.session);
    other.view().restore(state);
    QVERIFY(other.isInfill());
    QCOMPARE(other.promptEditor()->toPlainText(), u"Hello"_s);
    QCOMPARE(other.afterEditor()->toPlainText(), u"world"_s);
    QCOMPARE(other.model(), u"code@4000"_s);
    // How it is asked, too, through the text of the link.
    const SamplingSettings asked{.maxTokens = 77, .temperature = 0.35, .topK = 40, .seed = 123'456'789, .minP = 0.05, .stop = {"\n\n", " end"}};
    setup.panel->sampling()->setSettings(asked);
    setup.panel->setMode(PlayMode::Compare);
    setup.panel->comparison()->setColumns({{u"code@4000"_s}, {u"code@8000"_s, SamplingSettings{.temperature = 1.5}}});
    const Result<ViewLink> compared = parseViewLink(setup.panel->viewLink());
    QVERIFY(compared.ok());
    PlaygroundPanel third(setup.session);
    third.view().restore(compared->state);
    QCOMPARE(third.mode(), PlayMode::Compare);
    const SamplingSettings back = third.sampling()->settings();
    QCOMPARE(back.temperature, 0.35);
    QCOMPARE(back.topK, int64_t{40});
    QCOMPARE(back.maxTokens, int64_t{77});
    QCOMPARE(back.seed, uint64_t{123'456'789});
    QCOMPARE(back.minP, 0.05);
    QCOMPARE(back.stop, asked.stop);
    const std::vector<ComparedColumn> columns = third.comparison()->columns();
    QCOMPARE(columns.size(), size_t{2});
    QCOMPARE(columns[1].model, u"code@8000"_s);
    QVERIFY(!columns[0].sampling && columns[1].sampling);
    QCOMPARE(columns[1].sampling->temperature, 1.5);
    // What nobody can sample with is brought into what can be.
    third.view().restore({{u"temperature"_s, u"nan"_s}, {u"top_k"_s, u"1e300"_s}, {u"top_p"_s, -4}, {u"seed"_s, u"x"_s}, {u"max_tokens"_s, 0}});
    QCOMPARE(third.sampling()->settings().temperature, SamplingSettings{}.temperature);
    QCOMPARE(third.sampling()->settings().topK, int64_t{100'000});
    QCOMPARE(third.sampling()->settings().maxTokens, int64_t{1});
    // An older link tells no settings: they stay.
    third.sampling()->setSettings(asked);
    third.view().restore({{u"mode"_s, u"continue"_s}, {u"prompt"_s, u"Hi"_s}});
    QCOMPARE(third.sampling()->settings().seed, uint64_t{123'456'789});
    setup.panel->setMode(PlayMode::Converse);
    QVERIFY(setup.panel->commandText().isEmpty()); // nothing is said yet
    QCOMPARE(setup.panel->accessibleDescription(), u"No turns yet."_s);
}

ORRERY_GUI_TEST_MAIN(TestTranscriptExport)
#include "tst_transcript_export.moc"
