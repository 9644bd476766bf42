import { ClusterDetail } from "../clusters/Detail";

export default function Page() {
  return <ClusterDetail level="campaigns" />;
}
