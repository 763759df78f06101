// SPDX-License-Identifier: GPL-3.0-or-later
// What the playground is made of and where it stands; what it does is in playground_panel.cpp.
#include "widgets/play/playground_panel.h"

#include "widgets/common/banner.h"
#include "widgets/common/current_stack.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_action.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/wrap_row.h"
#include "widgets/common/wrapped_label.h"
#include "widgets/play/answer_media.h"
#include "widgets/play/attachment_bar.h"
#include "widgets/play/candidate_view.h"
#include "widgets/play/conversation_pane.h"
#include "widgets/play/conversation_view.h"
#include "widgets/play/generation_runner.h"
#include "widgets/play/manual_sampler.h"
#include "widgets/play/model_chooser.h"
#include "widgets/play/prefix_models.h"
#include "widgets/play/probability_color.h"
#include "widgets/play/prompt_edit.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/side_by_side.h"
#include "widgets/play/token_view.h"
#include "widgets/play/tokens_pane.h"
#include "widgets/play/version_view.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QHBoxLayout>
#include <QMenu>
#include <QPainter>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolButton>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kNarrowestLegend = 120;
constexpr int kComposerHeight = 150; ///< about six lines of a prompt; a person may drag it

class Legend : public QWidget {
public:
    explicit Legend(QWidget *parent) : QWidget(parent)
    {
        setAccessibleName(PlaygroundPanel::tr(
            "Colour scale: probability from 0.0, strongly coloured, to 1.0, not coloured; linear"));
        connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    }
    [[nodiscard]] QSize sizeHint() const override { return {probabilityLegendWidth(), 20}; }
    /// Nothing in a narrow window: numbers that are cut would lie.
    [[nodiscard]] QSize minimumSizeHint() const override { return {0, 20}; }

protected:
    void paintEvent(QPaintEvent *) override
    {
        if (width() < kNarrowestLegend) return;
        QPainter painter(this);
        paintProbabilityLegend(painter, rect());
    }
};

} // namespace

PlaygroundPanel::PlaygroundPanel(EngineSession &session, QWidget *parent)
    : PanelFrame(tr("Playground"), parent), m_session(session), m_runner(new GenerationRunner(session, this)),
      m_chooser(new ModelChooser(session, this)), m_note(new Banner(this)), m_stack(new CurrentStack(this)),
      m_manual(new ManualSampler(session, this))
{
    setObjectName(u"playgroundPanel"_s);
    m_note->setObjectName(u"modelNote"_s);
    auto *left = new QWidget(this);
    auto *leftLayout = new QVBoxLayout(left);
    leftLayout->setContentsMargins(0, 0, 0, 0);
    leftLayout->setSpacing(space::kOne);
    leftLayout->addWidget(m_chooser);
    leftLayout->addWidget(m_note);
    auto *rows = new QSplitter(Qt::Vertical, left);
    rows->setObjectName(u"playgroundRows"_s);
    rows->setChildrenCollapsible(false);
    rows->addWidget(makeTranscript());
    rows->addWidget(makeComposer());
    rows->setStretchFactor(0, 1);
    leftLayout->addWidget(rows, 1);

    auto *columns = new QSplitter(Qt::Horizontal, this);
    columns->setObjectName(u"playgroundColumns"_s);
    columns->setChildrenCollapsible(false);
    columns->setHandleWidth(space::kOne);
    columns->addWidget(left);
    columns->addWidget(makeSide());
    columns->setStretchFactor(0, 1);
    columns->setSizes({800, 270});

    m_noModel =
        new EmptyState(tr("No model to talk to"), tr("Train a model or open one to talk to it."), this);
    connect(m_noModel->addButton(tr("New run")), &QPushButton::clicked, this,
            &PlaygroundPanel::newRunRequested);
    QPushButton *open = m_noModel->addButton(tr("Open a model"));
    open->setObjectName(u"openModelFromEmpty"_s);
    connect(open, &QPushButton::clicked, m_chooser, &ModelChooser::openModelDirectory);
    m_stack->addWidget(columns);
    m_stack->addWidget(m_noModel);
    setContent(m_stack);
    makeShortcuts();

    connectParts();
    showMode();
    rows->setSizes({600, kComposerHeight}); // now that only what the mode needs is there
}

void PlaygroundPanel::connectParts()
{
    connect(m_chooser, &ModelChooser::changed, this, [this] {
        updateState();
        showTokens();
        Q_EMIT draftChanged();
    });
    connect(m_chooser, &ModelChooser::failed, this,
            [this](const Error &error) { banner()->showError(error); });
    connect(banner(), &Banner::retryRequested, this, &PlaygroundPanel::tryAgain);
    connect(m_sampling, &SamplingForm::changed, this, [this] {
        updateWhole(); // it may have been unfolded
        Q_EMIT draftChanged();
    });
    connect(m_prefixModels, &PrefixModels::changed, this, [this] {
        updateWhole();
        Q_EMIT draftChanged();
    });
    connect(m_view, &TokenView::currentTokenChanged, this, &PlaygroundPanel::showCurrent);
    connect(m_conversation->view(), &ConversationView::currentTokenChanged, this,
            &PlaygroundPanel::showCurrent);
    connect(m_conversation, &ConversationPane::changed, this, [this] {
        updateState();
        Q_EMIT draftChanged();
    });
    connectEditing();
    connectAttachments();
    connectBranching();
    connectManual();
    connectFrame();
    connect(m_runner, &GenerationRunner::tokensCame, this, &PlaygroundPanel::takeTokens);
    connect(m_runner, &GenerationRunner::changed, this, &PlaygroundPanel::updateState);
    connect(m_runner, &GenerationRunner::ended, this, &PlaygroundPanel::showEnd);
    connect(m_message, &QPlainTextEdit::textChanged, this, &PlaygroundPanel::updateState);
    connect(&m_session, &EngineSession::connectionChanged, this, &PlaygroundPanel::updateState);
}

void PlaygroundPanel::connectEditing()
{
    connect(m_conversation, &ConversationPane::editingStarted, this,
            [this](const QString &text, const std::vector<AttachmentPtr> &attachments) {
                m_messageAside = message();
                m_message->setPlainText(text);
                m_messageAttachments->setAttachments(attachments);
                m_message->moveCursor(QTextCursor::End);
                m_message->setFocus(Qt::OtherFocusReason);
                showError(); // what was refused before is done now
            });
    connect(m_conversation, &ConversationPane::refused, this,
            [this](const Error &error) { banner()->showError(error); });
    connect(m_conversation, &ConversationPane::editingEnded, this, [this] {
        Said aside = std::exchange(m_messageAside, {});
        m_message->setPlainText(fromStd(aside.text));
        m_messageAttachments->setAttachments(std::move(aside.attachments));
    });
}

QWidget *PlaygroundPanel::makeToolRow()
{
    auto *row = new QWidget(this);
    m_earlier = makeIconButton(u"chevron-left"_s, tr("Earlier version (Ctrl+[)"), row);
    m_earlier->setObjectName(u"earlierVersion"_s);
    m_later = makeIconButton(u"chevron-right"_s, tr("Later version (Ctrl+])"), row);
    m_later->setObjectName(u"laterVersion"_s);
    m_earlier->installEventFilter(this);
    m_later->installEventFilter(this);
    m_versionLabel = new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, row);
    m_versionLabel->setObjectName(u"versionLabel"_s);
    m_color = new QToolButton(row);
    m_color->setText(tr("Colour by probability"));
    m_color->setAccessibleName(m_color->text());
    m_color->setCheckable(true);
    m_color->setProperty("toggle", true);
    m_color->setToolTip(tr("Behind every token how likely the model found it: strong is unlikely"));
    m_color->setObjectName(u"colorTokens"_s);
    m_legend = new Legend(row);
    m_legend->hide();
    m_regenerate = makeIconButton(u"refresh"_s, tr("Generate again with another seed (Ctrl+R)"), row);
    m_regenerate->setObjectName(u"regenerate"_s);
    m_copy = makeIconButton(u"copy"_s, tr("Copy prompt and answer"), row);
    m_copy->setObjectName(u"copyText"_s);
    m_copyMenu = new QMenu(row);
    m_copyMenu->addAction(tr("Copy conversation"), m_conversation,
                          [this] { m_conversation->copyAll(false); });
    m_copyMenu->addAction(tr("Copy conversation as JSON"), m_conversation,
                          [this] { m_conversation->copyAll(true); });
    // In a narrow window two rows.
    auto *colours = new QWidget(row), *tools = new QWidget(row);
    colours->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    auto *left = new QHBoxLayout(colours), *right = new QHBoxLayout(tools);
    for (QHBoxLayout *half : {left, right}) {
        half->setContentsMargins(0, 0, 0, 0);
        half->setSpacing(space::kHalf);
    }
    left->addWidget(m_color);
    left->addWidget(m_legend);
    left->addStretch(1);
    right->addWidget(m_earlier);
    right->addWidget(m_versionLabel);
    right->addWidget(m_later);
    right->addSpacing(space::kOne);
    for (QToolButton *button : {m_regenerate, m_copy}) right->addWidget(button);
    auto *layout = new WrapRow(Qt::AlignRight, row);
    layout->setSpacing(space::kHalf);
    layout->addWidget(colours);
    layout->addWidget(tools);
    connectToolRow();
    return row;
}

void PlaygroundPanel::connectToolRow()
{
    connect(m_color, &QToolButton::toggled, this, [this](bool isOn) {
        m_view->setColored(isOn);
        if (m_compare) m_compare->setColored(isOn);
        m_conversation->view()->setColored(isOn);
        m_legend->setVisible(isOn);
        Q_EMIT draftChanged();
    });
    connect(m_earlier, &QToolButton::clicked, this, [this] { stepVersion(-1); });
    connect(m_later, &QToolButton::clicked, this, [this] { stepVersion(1); });
    connect(m_regenerate, &QToolButton::clicked, this, &PlaygroundPanel::regenerate);
    connect(m_copy, &QToolButton::clicked, this, [this] {
        if (isComparing())
            copyToClipboard(m_compare->table());
        else if (!isConversation())
            m_view->copy();
    });
}

QWidget *PlaygroundPanel::makeTranscript()
{
    auto *box = new QWidget(this);
    m_transcripts = new QStackedWidget(box);
    auto *answer = new QWidget(m_transcripts);
    m_answerMedia = new AnswerMedia(answer);
    m_view = new TokenView(answer);
    auto *answerLayout = new QVBoxLayout(answer);
    answerLayout->setContentsMargins(0, 0, 0, 0);
    answerLayout->setSpacing(0);
    answerLayout->addWidget(m_answerMedia);
    answerLayout->addWidget(m_view, 1);
    m_conversation = new ConversationPane(*m_runner, m_transcripts);
    m_noAnswer = new EmptyState(QString(), QString(), m_view->viewport());
    m_noAnswer->setObjectName(u"noAnswer"_s);
    m_noAnswer->setBackgroundRole(QPalette::Window); // of a field's role, its words would have one colour
    connect(m_noAnswer->addPlainButton(tr("Write a prompt")), &QPushButton::clicked, this, &PlaygroundPanel::focusComposer);
    auto *above = new QVBoxLayout(m_view->viewport());
    above->setContentsMargins(0, 0, 0, 0);
    above->addWidget(m_noAnswer);
    m_transcripts->addWidget(answer);
    m_transcripts->addWidget(m_conversation);
    m_status = new WrappedLabel(Tone::Secondary, TypeSize::Small, box);
    m_status->setObjectName(u"playStatus"_s);
    auto *layout = new QVBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addWidget(makeToolRow());
    layout->addWidget(makeSeparator(box));
    layout->addWidget(m_transcripts, 1);
    layout->addWidget(m_status);
    return box;
}

QWidget *PlaygroundPanel::makeComposer()
{
    auto *box = new QWidget(this);
    auto *texts = new QSplitter(Qt::Horizontal, box);
    texts->setObjectName(u"composerTexts"_s);
    texts->setChildrenCollapsible(false);
    texts->setHandleWidth(space::kOne);
    m_promptBox = makeComposerText(m_promptLabel, m_prompt = new PromptEdit, "prompt");
    m_afterBox = makeComposerText(m_afterLabel, m_after = new QPlainTextEdit, "textAfter");
    m_messageBox = makeComposerText(m_messageLabel, m_message = new PromptEdit, "message");
    m_attachments = new AttachmentBar(box);
    m_messageAttachments = new AttachmentBar(box);
    m_messageAttachments->setObjectName(u"messageAttachments"_s);
    m_messageLabel->hide();
    for (QWidget *text : {m_promptBox, m_afterBox, m_messageBox}) texts->addWidget(text);
    auto *row = new QHBoxLayout;
    row->setSpacing(space::kOne);
    row->addWidget(texts, 1);
    row->addLayout(makeComposerButtons(box));
    auto *layout = new QVBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addWidget(makeComposerHead(box));
    layout->addWidget(m_attachments);
    layout->addWidget(m_messageAttachments);
    layout->addLayout(row, 1);
    m_tokens = new TokensPane(m_session, box);
    m_tokens->hide();
    layout->addWidget(m_tokens);
    connect(m_showTokens, &QToolButton::toggled, this, [this](bool isShown) {
        m_tokens->setVisible(isShown);
        showTokens();
        Q_EMIT draftChanged();
    });
    return box;
}

QWidget *PlaygroundPanel::makeComposerHead(QWidget *parent)
{
    auto *head = new QWidget(parent);
    m_mode = new SegmentedChoice(head);
    m_mode->setObjectName(u"playMode"_s);
    m_mode->setAccessibleName(tr("Mode"));
    m_mode->addChoice(u"continue"_s, tr("Continue"), tr("The model goes on where the prompt ends"));
    m_mode->addChoice(
        u"infill"_s, tr("Infill"),
        tr("The model fills a hole between two texts, if it was trained with holes (Ctrl+Shift+I)"));
    m_mode->addChoice(u"converse"_s, tr("Converse"),
                      tr("The model answers as the assistant, turn by turn (Ctrl+T)"));
    m_mode->addChoice(u"compare"_s, tr("Compare"),
                      tr("The same prompt and seed for two or three models, steps or settings, side by side"));
    m_mode->setCurrent(u"continue"_s);
    m_editNote = new ElidedLabel(QString(), Tone::Secondary, TypeSize::Small);
    m_editNote->setObjectName(u"editNote"_s);
    m_editNote->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    // What goes with a mode stands beside it, or below where that has no room.
    auto *tools = new QWidget(head);
    tools->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_attach = new QToolButton(tools);
    m_attach->setText(tr("Attach …"));
    m_attach->setAccessibleName(tr("Attach pictures or recordings"));
    m_attach->setToolTip(tr("Pictures (PNG, JPEG) or recordings (WAV, FLAC) before the text, for models that "
                            "read them; they can be dropped and pasted, too (Ctrl+Shift+A)"));
    m_attach->setToolButtonStyle(Qt::ToolButtonIconOnly); // there is no room for its word in every language
    m_attach->setObjectName(u"attach"_s);
    bindIcon(m_attach, u"attach"_s);
    auto *row = new QHBoxLayout(tools);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(space::kHalf);
    row->addWidget(m_editNote, 1);
    row->addWidget(m_attach);
    row->addWidget(makeConversationTools(tools));
    auto *layout = new WrapRow(Qt::AlignLeft, head);
    layout->addWidget(m_mode);
    layout->addWidget(tools);
    connect(m_mode, &SegmentedChoice::chosen, this, [this] {
        showMode();
        (isInfill() && !m_prompt->toPlainText().isEmpty() ? m_after : mainEditor())
            ->setFocus(Qt::OtherFocusReason);
        Q_EMIT draftChanged();
    });
    return head;
}

QWidget *PlaygroundPanel::makeConversationTools(QWidget *parent)
{
    m_talkTools = new QWidget(parent);
    m_system = new QToolButton(m_talkTools);
    m_system->setText(tr("System text"));
    m_system->setAccessibleName(m_system->text());
    m_system->setToolTip(tr("What the model is told before the first turn; optional"));
    m_system->setObjectName(u"systemText"_s);
    m_undo = makeIconButton(u"undo"_s, tr("Undo (Ctrl+Z)"), m_talkTools);
    m_undo->setObjectName(u"undoConversation"_s);
    m_newConversation = makeIconButton(u"plus"_s, tr("New conversation (Ctrl+Shift+N)"), m_talkTools);
    m_newConversation->setObjectName(u"newConversation"_s);
    auto *layout = new QHBoxLayout(m_talkTools);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    for (QToolButton *button : {m_system, m_undo, m_newConversation}) layout->addWidget(button);
    connect(m_system, &QToolButton::clicked, m_conversation, &ConversationPane::editSystemText);
    connect(m_undo, &QToolButton::clicked, this, &PlaygroundPanel::undo);
    connect(m_newConversation, &QToolButton::clicked, m_conversation, &ConversationPane::startAnew);
    return m_talkTools;
}

QLayout *PlaygroundPanel::makeComposerButtons(QWidget *parent)
{
    m_generate = new QPushButton(tr("Generate"), parent);
    m_generate->setObjectName(u"generate"_s);
    makePrimary(m_generate);
    // The column keeps its width when the words change.
    m_generate->setText(tr("Generating …"));
    m_generate->setMinimumWidth(m_generate->sizeHint().width());
    m_stop = new QPushButton(tr("Stop"), parent);
    m_stop->setObjectName(u"stopGeneration"_s);
    m_stop->setToolTip(tr("Stops the tokens at once (Esc)"));
    m_cancelEdit = new QPushButton(tr("Cancel"), parent);
    m_cancelEdit->setObjectName(u"cancelEdit"_s);
    m_cancelEdit->setToolTip(tr("Leaves it as it was (Esc)"));
    m_showTokens = new QToolButton(parent);
    m_showTokens->setText(tr("Tokens"));
    m_showTokens->setAccessibleName(tr("Show the tokens of the text"));
    m_showTokens->setToolTip(tr("How the chosen model's tokenizer cuts the text; the hover has ids and bytes"));
    m_showTokens->setObjectName(u"showTokens"_s);
    m_showTokens->setCheckable(true);
    m_showTokens->setProperty("toggle", true);
    m_showTokens->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    auto *buttons = new QVBoxLayout;
    buttons->setSpacing(space::kHalf);
    buttons->addWidget(m_generate);
    buttons->addWidget(m_stop);
    buttons->addWidget(m_cancelEdit);
    buttons->addStretch(1);
    buttons->addWidget(m_showTokens);
    connect(m_generate, &QPushButton::clicked, this, &PlaygroundPanel::generate);
    connect(m_stop, &QPushButton::clicked, this, &PlaygroundPanel::stop);
    connect(m_cancelEdit, &QPushButton::clicked, m_conversation, &ConversationPane::cancelEditing);
    return buttons;
}

QWidget *PlaygroundPanel::makeComposerText(ToneLabel *&label, QPlainTextEdit *editor, const char *name)
{
    auto *box = new QWidget(this);
    label = new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, box);
    label->setWordWrap(true); // two of them may stand beside each other
    editor->setParent(box);
    editor->setObjectName(QLatin1String(name));
    editor->setTabChangesFocus(true);
    editor->setFont(typeFont(TypeSize::Mono));
    editor->setMinimumHeight(56);
    label->setBuddy(editor);
    auto *layout = new QVBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addWidget(label);
    layout->addWidget(editor, 1);
    connect(&Theme::instance(), &Theme::changed, editor,
            [editor] { editor->setFont(typeFont(TypeSize::Mono)); });
    connect(editor, &QPlainTextEdit::textChanged, this, [this] {
        if (std::exchange(m_numDropped, 0) > 0) updateNote();
        showTokens();
        Q_EMIT draftChanged();
    });
    return box;
}

QWidget *PlaygroundPanel::makeSide()
{
    auto *side = new QWidget(this);
    m_versionView = new VersionView(side);
    m_candidates = new CandidateView(side);
    m_sampling = new SamplingForm(side);
    m_prefixModels = new PrefixModels(m_session, this);
    m_sampling->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
    auto *layout = new QVBoxLayout(side);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    auto *lists = m_lists = new QSplitter(Qt::Vertical, side);
    lists->setObjectName(u"playgroundLists"_s);
    lists->setChildrenCollapsible(false);
    lists->setHandleWidth(space::kOne);
    lists->addWidget(m_versionView);
    lists->addWidget(m_candidates);
    lists->setStretchFactor(0, 2);
    lists->setStretchFactor(1, 3);
    m_versionView->hide();
    // No stretch factor: with one, the unfolded form would leave it the least that it can do with.
    lists->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Expanding);
    layout->addWidget(lists);
    layout->addWidget(m_sampling);
    return side;
}

void PlaygroundPanel::makeShortcuts()
{
    const auto add = [this](const QString &text, const char *name, const QList<QKeySequence> &keys,
                            auto handler) { return addPanelAction(*this, text, name, keys, handler); };
    add(tr("Generate"), "playGenerate", {Qt::CTRL | Qt::Key_Return, Qt::CTRL | Qt::Key_Enter},
        [this] { generate(); });
    add(tr("Generate again with another seed"), "playAgain", {Qt::CTRL | Qt::Key_R},
        [this] { regenerate(); });
    add(tr("Fill a hole, or continue"), "playInfill", {Qt::CTRL | Qt::SHIFT | Qt::Key_I},
        [this] { setInfill(!isInfill()); });
    add(tr("Look inside at this token"), "playLookInside", {Qt::CTRL | Qt::Key_I}, [this] { lookInside(); });
    add(tr("Converse, or continue"), "playConverse", {Qt::CTRL | Qt::Key_T},
        [this] { setMode(isConversation() ? PlayMode::Continue : PlayMode::Converse); });
    add(tr("Compare side by side, or continue"), "playCompare", {},
        [this] { setMode(mode() == PlayMode::Compare ? PlayMode::Continue : PlayMode::Compare); });
    add(tr("Version before"), "playVersionBefore", {Qt::CTRL | Qt::Key_BracketLeft},
        [this] { stepVersion(-1); });
    add(tr("Version after"), "playVersionAfter", {Qt::CTRL | Qt::Key_BracketRight},
        [this] { stepVersion(1); });
    add(tr("Attach pictures or recordings…"), "playAttach", {Qt::CTRL | Qt::SHIFT | Qt::Key_A},
        [this] { chooseAttachments(); });
    m_newAction = add(tr("New conversation"), "playNewConversation", {Qt::CTRL | Qt::SHIFT | Qt::Key_N},
                      [this] { m_conversation->startAnew(); });
    // Editors undo their own text first: they take the key themselves.
    m_undoAction =
        add(tr("Undo"), "playUndo", QKeySequence::keyBindings(QKeySequence::Undo), [this] { undo(); });
    m_redoAction = add(tr("Redo"), "playRedo", QKeySequence::keyBindings(QKeySequence::Redo),
                       [this] { m_conversation->redo(); });
    m_upAction = add(tr("Stop, or let go of the token"), "playUp", {Qt::Key_Escape}, [this] { goUp(); });
}

} // namespace orrery::ui
