// SPDX-License-Identifier: GPL-3.0-or-later
// Why was this token said? Follows what the window looks at, and shows of that place what could have come,
// which layer decided, what mattered, where the head in focus looks and what was read from a memory. Owns
// nothing but its last answers. GUI thread only.
#pragma once

#include "widgets/common/panel_frame.h"
#include "widgets/microscope/microscope_export.h"
#include "widgets/microscope/section_content.h"
#include "widgets/session/selection.h"

#include <QTimer>

#include <array>

class QPushButton;
class QScrollArea;
class QStackedWidget;
class QToolButton;
class QVBoxLayout;

namespace orrery::ui {

class Breadcrumbs;
class EmptyState;
class EngineSession;
class FocusMedia;
class FocusStrip;
class MicroscopeFeed;
class ScaleBar;
class Section;
class SegmentedChoice;
class StatRow;
class ToneLabel;

class MicroscopePanel : public PanelFrame {
    Q_OBJECT
public:
    /// @param session, selection must outlive the panel
    MicroscopePanel(EngineSession &session, Selection &selection, QWidget *parent = nullptr);
    ~MicroscopePanel() override;

    [[nodiscard]] MicroscopeFeed *feed() const { return m_feed; }
    [[nodiscard]] FocusStrip *strip() const { return m_strip; }
    [[nodiscard]] Section *section(MicroscopeSection kind) const { return m_sections[size_t(kind)]; }
    [[nodiscard]] QScrollArea *scrollArea() const { return m_scroll; }
    /// What is shown is of another place or could not be asked: it stands back.
    [[nodiscard]] bool isDimmed() const;
    [[nodiscard]] MicroscopeFigure figure() const; ///< of the open sections
    /// @error NotFound: nothing is shown; InvalidInput, Io as saveMicroscope()
    Result<void> save(const QString &path) const;

Q_SIGNALS:
    /// Go on from here with another token: behind the focus's token, in place of what was said.
    void branchRequested(const orrery::ui::Focus &focus, const orrery::TokenAlternative &alternative);

protected:
    bool event(QEvent *event) override; // microscope_parts.cpp
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    void makeParts();                 // microscope_parts.cpp
    void makeHeader(QVBoxLayout &);   // microscope_parts.cpp
    void makeSections(QVBoxLayout &); // microscope_parts.cpp
    void makeTitleRow();              // microscope_parts.cpp
    void makeTools();                 // microscope_parts.cpp
    void connectParts();
    void connectSections();

    // microscope_head.cpp
    void refreshCrumbs();
    void goUpTo(int level);
    void refreshHeader();
    void refreshState();
    [[nodiscard]] QString stateText() const;
    void showProgress();

    void refresh();
    void refreshContent();
    void refreshSection(Section *section);
    void refreshThumbnails();
    void takeMedia();
    void refreshStrip();
    void refreshEmpty();
    void refreshBranch();
    void updateWants();
    void goToSaid(int64_t place); ///< asks why the token at a place was said
    void requestBranch();

    [[nodiscard]] QString command();
    [[nodiscard]] QVariantMap viewState() const;
    void restoreView(const QVariantMap &state);

    EngineSession &m_session;
    Selection &m_selection;
    MicroscopeFeed *m_feed;
    FocusMedia *m_media; ///< of documents of a run
    std::shared_ptr<const struct MicroscopeAnswer> m_contentOf; ///< what the sections are filled with
    std::shared_ptr<const struct MicroscopeAnswer> m_commandOf; ///< what the command was written for
    QString m_command;
    std::shared_ptr<const GenerateRequest> m_thumbnailsOf;
    std::shared_ptr<const struct SampleMedia> m_thumbnailsBy; ///< a sample; null: the text's own
    std::vector<QImage> m_thumbnails; ///< one a token of m_contentOf, or none
    bool m_hasFailed = false;

    QStackedWidget *m_pages = nullptr;
    EmptyState *m_empty = nullptr;
    QPushButton *m_emptyAsk = nullptr;
    QScrollArea *m_scroll = nullptr;
    QWidget *m_shownPage = nullptr, *m_dim = nullptr;
    Breadcrumbs *m_crumbs = nullptr;
    ToneLabel *m_headline = nullptr, *m_state = nullptr, *m_note = nullptr, *m_tintNote = nullptr;
    StatRow *m_stats = nullptr;
    FocusStrip *m_strip = nullptr;
    SegmentedChoice *m_tint = nullptr;
    ScaleBar *m_scale = nullptr, *m_lensScale = nullptr;
    std::array<Section *, kMicroscopeSections.size()> m_sections{};
    QPushButton *m_branch = nullptr;
    QToolButton *m_follow = nullptr, *m_again = nullptr;
    QTimer m_slowTimer, m_ageTimer;
    bool m_isSlow = false; ///< the question takes long enough to be told
};

} // namespace orrery::ui
