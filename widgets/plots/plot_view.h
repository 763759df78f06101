// SPDX-License-Identifier: GPL-3.0-or-later
// A chart one can read, move and zoom: curves with exact extrema, marks, a snapped cursor, live following.
// GUI thread only. It draws what it is given and asks for finer data by signal; it owns no run data beyond
// what it draws.
#pragma once

#include "widgets/plots/plot_types.h"

#include <QElapsedTimer>
#include <QStringList>
#include <QTimer>
#include <QWidget>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

class QCustomPlot;

namespace orrery::ui {

class PlotTicker;
struct PlotScene;

/// Mouse: drag pans, wheel zooms x (with Ctrl: y), Shift+drag or right drag zooms into a rectangle, double
/// click fits. Keyboard: arrows pan, + and - zoom, Home or 0 fits, L switches the log axis, Shift+L that of x,
/// Shift+Left and Shift+Right move the cursor. Replots are queued and happen at most 30 times a second.
class PlotView : public QWidget {
    Q_OBJECT
public:
    explicit PlotView(QWidget *parent = nullptr);
    ~PlotView() override;

    /// What the chart shows, in a few words; used as accessible name.
    void setTitle(const QString &title);
    void setCurves(std::vector<PlotCurve> curves);
    [[nodiscard]] const std::vector<PlotCurve> &curves() const;
    /// Counts setCurves(), to tell by painted() what is on the screen.
    [[nodiscard]] quint64 revision() const { return m_revision; }
    void setMarks(std::vector<PlotMark> marks);
    [[nodiscard]] const std::vector<PlotMark> &marks() const;
    /// @param title with unit, under the axis; empty: none
    void setXAxis(AxisFormat format, const QString &title);
    /// @param unit above the axis; a power of ten is put before it when the numbers need one
    void setYAxis(AxisFormat format, const QString &unit);
    /// How a figure that stands alone is written, with its unit: at a line's end, in the legend, in the
    /// summary. Without it: four significant digits.
    void setValueText(std::function<QString(double)> text);
    /// Sentence shown while there are no curves.
    void setEmptyText(const QString &text);
    /// Where they would cover much of the curves, the names stand in up to three rows above the chart
    /// instead.
    void setEndLabels(bool isShown);
    [[nodiscard]] bool hasLegend() const;
    /// Charts of counts and rates that are never negative start at 0 when that costs little height.
    void setZeroBased(bool isZeroBased);

    void setLogY(bool isLogarithmic);
    [[nodiscard]] bool isLogY() const { return m_isLogY; }
    /// Points at 0 and before it have no place then; how many there are stands above the chart. An axis of
    /// clock times stays linear.
    void setLogX(bool isLogarithmic);
    [[nodiscard]] bool isLogX() const { return m_isLogX; }
    /// What the logarithmic axes cannot show, in a sentence; mostly empty.
    [[nodiscard]] QString logNote() const;

    /// Following: the view shows everything and grows with it, until the user moves it.
    void setFollowing(bool isFollowing);
    [[nodiscard]] bool isFollowing() const { return m_isFollowing; }
    /// Shows everything once, and follows again.
    void fit();
    /// Moves the view as if the user had done it elsewhere (linked charts): no followChanged, no
    /// rangeChangedByUser.
    void setXRange(const PlotRange &range);
    [[nodiscard]] PlotRange xRange() const;
    [[nodiscard]] PlotRange yRange() const;
    /// First to last x of all curves; empty curves: nothing.
    [[nodiscard]] std::optional<PlotRange> dataRange() const;

    /// Where the cursor stands; set by the mouse, the keyboard or a linked chart (which does not signal).
    void setCursorX(std::optional<double> x);
    [[nodiscard]] std::optional<double> cursorX() const;
    /// Height of the pointer that set the cursor, in pixels of this widget; nothing when the keyboard or
    /// another chart did.
    [[nodiscard]] std::optional<double> pointerY() const { return m_pointerY; }
    /// Of the marks within some pixels of the cursor that have one.
    [[nodiscard]] QStringList markKeysAtCursor() const;
    /// Nearest x that a curve has a point at.
    [[nodiscard]] std::optional<double> snapped(double x) const;

    /// Pixels of x, relative to this widget; for tests and for panels that place things.
    [[nodiscard]] double pixelOfX(double x) const;
    [[nodiscard]] double pixelOfY(double y) const;
    [[nodiscard]] QRect plotArea() const;
    /// "Loss: train 1.412 at step 8,210, falling; validation 1.538 at step 8,000, level"
    [[nodiscard]] QString accessibleSummary() const;
    /// Draws what is pending now; otherwise it happens within 33 ms.
    void flush();

    [[nodiscard]] QSize minimumSizeHint() const override;
    [[nodiscard]] QSize sizeHint() const override;

Q_SIGNALS:
    void followChanged(bool isFollowing);
    void logYChanged(bool isLogarithmic);
    void logXChanged(bool isLogarithmic);
    /// The right button, or the menu key, on marks that have keys.
    void markMenuRequested(const QStringList &keys, const QPoint &globalPosition);
    void pointerMoved(); ///< up or down, too, where the cursor stays
    /// NaN when the cursor has left.
    void cursorMoved(double x);
    void rangeChangedByUser(double from, double to);
    /// The view was moved and stood still for 120 ms: `numBuckets` (about two per pixel) between from and to
    /// would be drawn exactly. Not sent while following.
    void rangeNeedsData(double from, double to, int numBuckets);
    /// A replot has reached the screen; `revision` is the newest one that it shows.
    void painted(quint64 revision);

protected:
    void changeEvent(QEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override; ///< of the keyboard; the mouse zooms with that button
    bool event(QEvent *event) override; ///< hovers over marks say what happened there
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;

private:
    enum class Drag { None, Pan, Band };

    void applyTheme();
    void scheduleReplot();
    void replotNow();
    void replotCursor();
    void updateTickers();
    void fitToData();
    void fitX(const PlotRange &data);
    void fitY(const PlotRange &visible);
    [[nodiscard]] int endLabelWidth() const;
    int legendRows();
    [[nodiscard]] int numEndLabels() const;
    [[nodiscard]] bool hasMarkRow() const;
    /// Places on the x axis in which moving and zooming is even: values, of a logarithmic one their powers.
    [[nodiscard]] double placeOf(double x) const;
    [[nodiscard]] double valueAt(double place) const;
    [[nodiscard]] std::vector<const PlotMark *> marksAt(const QPoint &position) const;

    void movedByUser();
    void moveRange(const PlotRange &range);
    void moveYRange(const PlotRange &range);
    void zoomX(double factor, double around);
    void zoomY(double factor, double aroundPixel);
    void panX(double fraction);
    void panY(double fraction);
    void panTo(const QPointF &position);
    void zoomToBand();
    void stepCursor(int direction);
    void moveCursorTo(std::optional<double> x, std::optional<double> pointerY = std::nullopt);

    std::unique_ptr<PlotScene> m_scene;
    QCustomPlot *m_plot;
    QSharedPointer<PlotTicker> m_xTicker;
    QSharedPointer<PlotTicker> m_yTicker;
    QTimer m_replotTimer;
    QTimer m_dataTimer;
    QElapsedTimer m_sinceReplot;
    QString m_title;
    QString m_xTitle;
    QString m_unit;
    AxisFormat m_xFormat = AxisFormat::Count;
    AxisFormat m_yFormat = AxisFormat::Value;
    bool m_isLogY = false;
    bool m_isLogX = false;
    std::optional<double> m_pointerY;
    bool m_isFollowing = true;
    bool m_isYAutomatic = true; ///< y fits what x shows, until the user moves y
    bool m_isZeroBased = false;
    bool m_awaitsPaint = false;
    quint64 m_revision = 0, m_plottedRevision = 0;
    Drag m_drag = Drag::None;
    QPointF m_pressPosition;
    QPointF m_dragPosition;
};

} // namespace orrery::ui
