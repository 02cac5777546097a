// Says that another tab has the lab, and what that means for this one.

export function ElsewhereBanner() {
  return (
    <p className="banner" role="status">
      <strong>This lab is open in another tab, which does the training.</strong> Here you can look around: runs are
      shown as they were stored last. When that tab is closed, this one takes over by itself.
    </p>
  );
}
