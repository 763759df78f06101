// SPDX-License-Identifier: GPL-3.0-or-later
// Draws versions, branches and the choosing of tokens into PNG files, to be looked at: three themes, narrow
// and wide. Usage: play_pictures FOLDER [part of a name]. No test: a picture is judged by people.
#include "fake_archive.h"
#include "play_setup.h"

#include "widgets/play/attachment_bar.h"
#include "widgets/play/candidate_view.h"
#include "widgets/play/conversation_pane.h"
#include "widgets/play/conversation_view.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/session_keeper.h"
#include "widgets/play/session_list_model.h"
#include "widgets/play/sessions_pane.h"
#include "widgets/play/side_by_side.h"
#include "widgets/play/token_view.h"
#include "widgets/theme/theme.h"

#include <QAbstractButton>
#include <QApplication>
#include <QElapsedTimer>
#include <QLineEdit>
#include <QListView>
#include <QPainter>

#include <cstdio>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

QString folder, wanted;

void settle(int milliseconds)
{
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < milliseconds) QApplication::processEvents(QEventLoop::AllEvents, 20);
}

void shoot(QWidget &panel, const QString &name, QSize size)
{
    if (!wanted.isEmpty() && !name.contains(wanted)) return;
    panel.resize(size);
    panel.show();
    settle(200);
    for (const auto &[kind, theme] : {std::pair(ThemeKind::Light, u"light"_s),
                                      {ThemeKind::Dark, u"dark"_s},
                                      {ThemeKind::HighContrast, u"contrast"_s}}) {
        Theme::instance().apply(*qApp, kind);
        settle(30);
        QPixmap picture(panel.size() + QSize(16, 16)); // it may be narrower than it can be
        picture.fill(Theme::instance().tokens().window);
        QPainter painter(&picture);
        painter.drawPixmap(8, 8, panel.grab());
        painter.end();
        picture.save(folder + u'/' + name + u'-' + theme + u".png"_s);
    }
    Theme::instance().apply(*qApp, ThemeKind::Light);
    std::printf("%s\n", qPrintable(name));
}

/// Words as tokens, with candidates of plausible probabilities.
std::vector<GeneratedToken> wordsOf(const std::string &text)
{
    const char *others[] = {" the", " a", " size", " value", " return", ";", " const", "(", " std", " it"};
    std::vector<GeneratedToken> tokens;
    size_t from = 0;
    while (from < text.size()) {
        size_t to = text.find_first_of(" \n", from + 1);
        if (to == std::string::npos) to = text.size();
        GeneratedToken token;
        token.bytes = text.substr(from, to - from);
        token.id = static_cast<int32_t>(300 + tokens.size());
        token.probability = 0.9 / (1.0 + static_cast<double>((tokens.size() * 7) % 10));
        token.entropy = 1.25;
        double probability = token.probability;
        token.alternatives.push_back({token.id, token.bytes, probability});
        for (int i = 0; i < 9; ++i) token.alternatives.push_back({1'000 + i, others[i], probability *= 0.55});
        tokens.push_back(token);
        from = to;
    }
    return tokens;
}

void reply(Setup &setup, const std::string &text, FinishReason reason = FinishReason::MaxTokens)
{
    Q_EMIT setup.generation().modelLoaded({u"code@8000"_s, 8'000, 7'100'000, 128, {}});
    Q_EMIT setup.generation().tokens(wordsOf(text));
    if (reason != FinishReason::Unknown) Q_EMIT setup.generation().finished(summaryOf(reason));
}

void branchAt(Setup &setup, int token, int candidate, const std::string &text, FinishReason reason)
{
    TokenView *view = setup.panel->transcript();
    view->setCurrentToken(token, true);
    setup.panel->branch({1'000 + candidate, candidate == 0 ? " the" : candidate == 1 ? " a" : " size", 0.1});
    reply(setup, text, reason);
}

/// What a first-time user sees, and what goes wrong.
void shootStates()
{
    FakeSession none;
    PlaygroundPanel noModel(none);
    shoot(noModel, u"no-model"_s, {1000, 700});
    Setup setup;
    setup.panel->promptEditor()->clear();
    shoot(*setup.panel, u"empty"_s, {1000, 700});
    shoot(*setup.panel, u"empty-narrow"_s, {480, 560});
    setup.panel->promptEditor()->setPlainText(u"template <typename T> class stack"_s);
    setup.panel->generate();
    reply(setup, " {\n  public:\n    void push(const T &value) { m_values.push_back(value); }\n};\n");
    child<QAbstractButton>(setup.panel.get(), "colorTokens")->setChecked(true);
    setup.panel->transcript()->setCurrentToken(6, true);
    shoot(*setup.panel, u"colored"_s, {1000, 700});
    shoot(*setup.panel, u"colored-narrow"_s, {560, 560});
    setup.panel->setInfill(true);
    setup.panel->afterEditor()->setPlainText(u"    return m_values.size();\n}\n"_s);
    setup.panel->generate();
    reply(setup, " {\n", FinishReason::EndOfInfill);
    shoot(*setup.panel, u"infill"_s, {1000, 700});
    setup.panel->setInfill(false);
    setup.panel->generate();
    Q_EMIT setup.generation().failed(
        Error{ErrorCode::NotFound,
              "Cannot load \"code\": there is no checkpoint of step 8,000, expected a saved step.",
              "Nearest: 4,000, 12,000."});
    shoot(*setup.panel, u"error"_s, {1000, 700});
    setup.session.setConnection(ConnectionState::Lost);
    setup.panel->setMode(PlayMode::Converse);
    shoot(*setup.panel, u"talk-empty-offline"_s, {1000, 700});
    shoot(*setup.panel, u"talk-empty-narrow"_s, {480, 560});
}

/// An answer about a picture, with a long line of facts.
void shootAbout()
{
    Setup setup;
    QImage image(48, 48, QImage::Format_RGB32);
    image.fill(QColor(236, 234, 230));
    QPainter(&image).fillRect(28, 28, 12, 12, QColor(48, 92, 190));
    Result<AttachmentPtr> picture = pasteAttachment(image, u"val-000001.png"_s, 1 << 20);
    if (!picture.ok()) qFatal("no picture");
    setup.panel->attachments()->setAttachments({*picture});
    setup.panel->promptEditor()->setPlainText(u"caption: "_s);
    setup.panel->generate();
    Q_EMIT setup.generation().modelLoaded({u"code@8000"_s, 8'000, 353'000, 128, {}});
    Q_EMIT setup.generation().tokens(tokensOf("blue circle"));
    GenerateSummary summary = summaryOf(FinishReason::EndOfText);
    summary.promptTokens = summary.reusedTokens = 26;
    Q_EMIT setup.generation().finished(summary);
    shoot(*setup.panel, u"about"_s, {1000, 700});
    shoot(*setup.panel, u"about-narrow"_s, {654, 560});
}

void shootTree()
{
    Setup setup;
    setup.panel->promptEditor()->setPlainText(u"template <typename T> class stack"_s);
    setup.panel->generate();
    reply(setup,
          " {\n  public:\n    void push(const T &value) { m_values.push_back(value); }\n    bool empty() "
          "const { return m_values.empty(); }\n};\n");
    shoot(*setup.panel, u"one-version"_s, {1000, 700});
    branchAt(setup, 5, 1, " T pop() { return m_values.back(); }\n};\n", FinishReason::EndOfText);
    setup.panel->showVersion(0);
    branchAt(setup, 9, 2, "_type size() const { return m_values.size(); }\n", FinishReason::MaxTokens);
    setup.panel->showVersion(1);
    branchAt(setup, 8, 0, " last element of the container, which must not be empty\n",
             FinishReason::MaxTokens);
    setup.panel->showVersion(0);
    branchAt(setup, 12, 1, " value of a very long text that goes on and on beyond the edge of the list\n",
             FinishReason::Unknown);
    setup.panel->transcript()->setCurrentToken(10, true);
    shoot(*setup.panel, u"tree"_s, {1000, 700});
    shoot(*setup.panel, u"tree-wide"_s, {1600, 900});
    shoot(*setup.panel, u"tree-narrow"_s, {560, 640});
}

void shootChoosing()
{
    Setup setup;
    setup.panel->sampling()->setManual(true);
    setup.panel->promptEditor()->setPlainText(u"The planets move"_s);
    setup.panel->generate();
    shoot(*setup.panel, u"choosing-asked"_s, {1000, 700});
    GeneratedToken proposal = wordsOf(" around").front();
    for (int i = 0; i < 15; ++i)
        proposal.alternatives.push_back({2'000 + i, " word" + std::to_string(i), 0.004 / (i + 1)});
    for (int i = 0; i < 3; ++i) {
        Q_EMIT setup.generation().tokens({proposal});
        Q_EMIT setup.generation().finished(summaryOf(FinishReason::MaxTokens));
        if (i < 2) QTest::keyClick(setup.panel->candidates()->list(), i == 0 ? Qt::Key_1 : Qt::Key_2);
    }
    shoot(*setup.panel, u"choosing"_s, {1000, 700});
    shoot(*setup.panel, u"choosing-narrow"_s, {560, 640});
}

void shootTalk()
{
    Setup setup;
    const QString name =
        u"a-run-with-a-very-long-name-that-somebody-made-with-a-script-2026-11-23-lr-0.001"_s;
    setup.session.checkpoints[name] = setup.session.checkpoints[u"code"_s];
    setup.session.runList = {fakeRun(name.toStdString())};
    Q_EMIT setup.session.runsChanged();
    setup.panel->setModel(name);
    setup.panel->setMode(PlayMode::Converse);
    for (const auto &[said, answer] :
         {std::pair(u"What moves around what?"_s, " The planets move around the sun, each on its own path."),
          {u"And the moon?"_s, " The moon moves around the earth."}}) {
        setup.panel->messageEditor()->setPlainText(said);
        setup.panel->generate();
        reply(setup, answer, FinishReason::EndOfTurn);
    }
    setup.panel->conversation()->view()->setCurrentToken(3, 3, true);
    setup.panel->branch({1'001, " with", 0.2});
    reply(setup, " the earth, of course.", FinishReason::EndOfTurn);
    setup.panel->conversation()->view()->setCurrentToken(3, 4, true);
    shoot(*setup.panel, u"talk"_s, {1000, 700});
    shoot(*setup.panel, u"talk-narrow"_s, {480, 640});
}

void shootSideBySide()
{
    Setup setup;
    setup.panel->promptEditor()->setPlainText(u"template <typename T> class stack"_s);
    setup.panel->setMode(PlayMode::Compare);
    SideBySidePane &pane = *setup.panel->comparison();
    shoot(*setup.panel, u"compare-empty"_s, {1280, 700});
    SamplingSettings hot;
    hot.temperature = 1.4;
    hot.minP = 0.05;
    pane.setColumns({{u"code@8000"_s}, {u"code@8000"_s, hot}});
    setup.panel->generate();
    reply(setup, " {\n  public:\n    void push(const T &value) { m_values.push_back(value); }\n    bool empty() const { return "
                 "m_values.empty(); }\n};\n");
    reply(setup, " {\n  public:\n    void push(T value) { m_values.emplace_back(std::move(value)); }\n", FinishReason::Unknown);
    shoot(*setup.panel, u"compare-live"_s, {1280, 700});
    Q_EMIT setup.generation().finished(summaryOf(FinishReason::MaxTokens));
    pane.parts()[1]->view()->setCurrentToken(6, true);
    shoot(*setup.panel, u"compare"_s, {1280, 700});
    shoot(*setup.panel, u"compare-narrow"_s, {760, 640});
    pane.addColumn();
    pane.parts()[2]->chooser()->setModel(u"code@4000"_s);
    setup.panel->generate();
    reply(setup, " {\n  public:\n    void push(const T &value) { m_values.push_back(value); }\n");
    reply(setup, " {\n  public:\n    void push(const T &value) { m_values.push_back(value); }\n");
    Q_EMIT setup.generation().failed(Error{ErrorCode::NotFound, "Cannot load \"code@4000\": the checkpoint is gone, expected a saved step.", "Nearest: 8,000."});
    child<QAbstractButton>(setup.panel.get(), "colorTokens")->setChecked(true);
    shoot(*setup.panel, u"compare-three"_s, {1600, 800});
}

void shootSessions()
{
    constexpr qint64 kDay = 86'400'000'000;
    const auto now = static_cast<qint64>(wallNow() * 1e6);
    Setup setup;
    setup.panel->promptEditor()->clear();
    FakeArchive archive;
    setup.panel->setArchive(archive);
    SessionsPane pane(archive, *setup.panel->keeper());
    shoot(pane, u"sessions-empty"_s, {280, 600});
    const char *titles[] = {"template <typename T> class stack", "What moves around what?", "The quick fox",
                            "A prompt whose title is so long that no list would ever have room for all of it, whatever its width",
                            "日本語のプロンプト", "for (int i = 0; i < n; ++i)", "Once upon a time"};
    for (int i = 0; i < 40; ++i)
        archive.add(QString::fromUtf8(titles[i % 7]), u"prompt"_s, now - i * i * kDay / 9, i == 5 || i == 9);
    for (auto &[id, kept] : archive.sessions) {
        kept.content.entry.model = id % 3 == 0 ? u"code-7M, step 8,000"_s : u"a-run-with-a-very-long-name-lr-0.001, step 12,000"_s;
        kept.content.entry.numAnswers = static_cast<int>(id % 5);
    }
    pane.refresh();
    settle(50);
    setup.panel->keeper()->open(4);
    settle(50);
    shoot(pane, u"sessions"_s, {280, 600});
    shoot(pane, u"sessions-wide"_s, {460, 700});
    pane.searchBox()->setText(u"nothing of this"_s);
    settle(300);
    shoot(pane, u"sessions-not-found"_s, {280, 500});
    setup.panel.reset();
}

} // namespace

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    if (argc < 2) qFatal("usage: play_pictures FOLDER [part of a name]");
    folder = QString::fromLocal8Bit(argv[1]);
    wanted = argc > 2 ? QString::fromLocal8Bit(argv[2]) : QString();
    Theme::instance().apply(application, ThemeKind::Light);
    shootStates();
    shootAbout();
    shootTree();
    shootChoosing();
    shootTalk();
    shootSideBySide();
    shootSessions();
    return 0;
}
