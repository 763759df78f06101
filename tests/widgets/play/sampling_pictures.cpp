// SPDX-License-Identifier: GPL-3.0-or-later
// Draws the settings of the draw and what they do to candidates into PNG files, to be looked at: three
// themes, folded and not, narrow and wide. Usage: sampling_pictures FOLDER. No test: a picture is judged by
// people.
#include "play_setup.h"

#include "widgets/play/candidate_view.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/token_view.h"
#include "widgets/theme/theme.h"

#include <QAbstractButton>
#include <QApplication>
#include <QElapsedTimer>
#include <QPainter>

#include <cstdio>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

QString folder;

void settle(int milliseconds)
{
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < milliseconds) QApplication::processEvents(QEventLoop::AllEvents, 20);
}

void shoot(QWidget &panel, const QString &name, QSize size)
{
    panel.resize(size);
    panel.show();
    settle(200);
    for (const auto &[kind, theme] : {std::pair(ThemeKind::Light, u"light"_s),
                                      {ThemeKind::Dark, u"dark"_s},
                                      {ThemeKind::HighContrast, u"contrast"_s}}) {
        Theme::instance().apply(*qApp, kind);
        settle(50);
        QPixmap picture(panel.size() + QSize(16, 16));
        picture.fill(Theme::instance().tokens().window);
        QPainter painter(&picture);
        painter.drawPixmap(8, 8, panel.grab());
        painter.end();
        picture.save(folder + u'/' + name + u'-' + theme + u".png"_s);
    }
    Theme::instance().apply(*qApp, ThemeKind::Light);
    std::printf("%s\n", qPrintable(name));
}

/// An engine that cuts texts at spaces.
class CuttingSession : public FakeSession {
public:
    std::unique_ptr<PendingRequest> tokenize(const QString &, const QByteArray &text, QObject *,
                                             Reply<std::vector<TokenPiece>> reply) override
    {
        std::vector<TokenPiece> pieces;
        for (const char byte : text) {
            if (pieces.empty() || byte == ' ' || byte == '\n')
                pieces.push_back({300 + int32_t(pieces.size()), ""});
            pieces.back().bytes += byte;
        }
        reply(pieces);
        return std::make_unique<PendingRequest>();
    }
};

/// A choice among ten, of which the cuts left four.
GeneratedToken drawn()
{
    GeneratedToken token{.id = 300, .bytes = " value", .probability = 0.31, .entropy = 1.83, .chance = 0.42};
    const std::pair<const char *, double> words[] = {
        {" value", 0.31}, {" the", 0.22}, {" size", 0.12},   {" m_values", 0.1}, {";", 0.07},
        {" const", 0.05}, {"\n", 0.03},   {" return", 0.02}, {"(", 0.01},        {" it", 0.0004}};
    const double chances[] = {0.42, 0.33, 0.15, 0.1, 0, 0, 0, 0, 0, 0};
    for (size_t i = 0; i < std::size(words); ++i)
        token.alternatives.push_back(
            {300 + static_cast<int32_t>(i), words[i].first, words[i].second, chances[i]});
    return token;
}

SamplingSettings manyOn()
{
    SamplingSettings settings;
    settings.topK = 40;
    settings.minP = 0.05;
    settings.repetitionPenalty = 1.1;
    settings.stop = {"\n\nUser:", "</answer>"};
    return settings;
}

void shootParts()
{
    CandidateView view;
    view.showToken(17, drawn(), true);
    shoot(view, u"candidates"_s, {270, 420});
    shoot(view, u"candidates-narrow"_s, {180, 300});
    SamplingForm form;
    shoot(form, u"form-folded"_s, form.sizeHint());
    form.setSettings(manyOn());
    form.setShowsMore(true);
    settle(50);
    shoot(form, u"form"_s, {270, form.sizeHint().height()});
    form.setSettings({.stop = {std::string(300, 'x')}});
    settle(50);
    shoot(form, u"form-problem"_s, {270, form.sizeHint().height() + 20});
}

void shootPanel()
{
    Setup setup;
    setup.panel->promptEditor()->setPlainText(u"template <typename T> class stack"_s);
    setup.panel->generate();
    Q_EMIT setup.generation().modelLoaded({u"code@8000"_s, 8'000, 7'100'000, 128, {}});
    Q_EMIT setup.generation().tokens({drawn(), drawn()});
    Q_EMIT setup.generation().finished(summaryOf(FinishReason::StopText));
    setup.panel->transcript()->setCurrentToken(1, true);
    shoot(*setup.panel, u"panel-folded"_s, {1000, 700});
    setup.panel->sampling()->setSettings(manyOn());
    setup.panel->sampling()->setShowsMore(true);
    shoot(*setup.panel, u"panel"_s, {1000, 700});
    shoot(*setup.panel, u"panel-low"_s, {700, 480});
    shoot(*setup.panel, u"panel-large"_s, {1280, 800});
}

void shootTokens()
{
    CuttingSession session;
    session.checkpoints[u"code"_s] = {CheckpointInfo{.step = 8'000}};
    session.runList = {fakeRun("code")};
    PlaygroundPanel panel(session);
    panel.promptEditor()->setPlainText(
        u"template <typename T> class stack {\n  public:\n    void push(const T &value);"_s);
    panel.show();
    child<QAbstractButton>(&panel, "showTokens")->click();
    settle(400);
    shoot(panel, u"tokens"_s, {1000, 700});
    shoot(panel, u"tokens-low"_s, {700, 560});
}

} // namespace

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    if (argc < 2) return 2;
    folder = QString::fromLocal8Bit(argv[1]);
    Theme::instance().apply(application, ThemeKind::Light);
    shootParts();
    shootPanel();
    shootTokens();
    return 0;
}
